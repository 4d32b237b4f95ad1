/**
 * Trains what docs/reproduction.md needs beside five runs of `npm start`, a folder a seed: on one SFT policy, that of
 * `npm start`, step-wise rewards and a policy by the recipe at about a third of its cost, and then with one change for each
 * claim about training: experts who err, group sizes, clips, a critic that stays as its warm-up left it, rewards without a
 * baseline.
 *
 * Run: node bench/reproductionRuns.ts FOLDER THREADS SEED...   (again to go on with what was broken off)
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, FileSystem } from "effect"
import { axes } from "../src/experiments/ablation/index.ts"
import { backendLayer, usualBackend } from "../src/experiments/backends/index.ts"
import { arithmeticPlan, type ReasoningPlan, reasoning } from "../src/experiments/quickstart/index.ts"

const [folder, threads, ...seeds] = process.argv.slice(2)
if (folder === undefined || seeds.length === 0) throw new Error("Give a folder, the number of threads and seeds.")

const { recipe } = arithmeticPlan
/** Changes of the recipe that the claims name, the recipe itself first. */
const changes = ["errors-0", "errors-10", "errors-25", "group-4", "group-16", "clip-1", "clip-10", "fixed", "uncentred"]
const claims: ReasoningPlan = {
  ...arithmeticPlan,
  recipe: {
    ...recipe,
    policy: { ...recipe.policy, steps: 20, promptsPerStep: 16 },
    critic: { ...recipe.critic, warmupUpdates: 200 }
  },
  variants: (plan, task) =>
    [axes.errors, axes.group, axes.clip, axes.critic, axes.advantage]
      .flatMap((axis) => axis(plan, task))
      .filter(({ key }) => changes.includes(key)),
  withGrpo: false
}

/** What was trained before is kept, and what was broken off goes on. */
const main = Effect.forEach(seeds.map(Number), (seed) =>
  Effect.gen(function* () {
    const output = `${folder}/claims-${seed}`
    const resume = yield* (yield* FileSystem.FileSystem).exists(`${output}/config.yaml`)
    const run = { output, seed, backend: usualBackend, threads: Number(threads), resume, overwrite: false, json: false }
    yield* reasoning({ ...run, quick: false, task: "arithmetic", data: undefined }, claims)
  }).pipe(Effect.scoped)
)

NodeRuntime.runMain(
  main.pipe(
    Effect.provide(backendLayer(usualBackend, { threads: Number(threads) })),
    Effect.provide(NodeServices.layer)
  )
)
