/**
 * Trains what docs/reproduction.md needs beside five runs of `npm start`, a folder a seed:
 *
 * - `claims-SEED`: on one SFT policy the recipe of `npm start` with step-wise rewards, and one change of it for each claim
 *   about training: experts who err, group sizes, clips, a fixed critic, rewards without a baseline;
 * - `three-SEED`, `five-SEED`: a policy and a reward on problems of three and of five operations, for the transfer between
 *   data sets.
 *
 * Run: node bench/reproductionRuns.ts FOLDER THREADS SEED...
 */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Effect, FileSystem } from "effect"
import { axes } from "../src/experiments/ablation/index.ts"
import { backendLayer, usualBackend } from "../src/experiments/backends/index.ts"
import { arithmeticPlan, type ReasoningPlan, reasoning } from "../src/experiments/quickstart/index.ts"

const [folder, threads, ...seeds] = process.argv.slice(2)
if (folder === undefined || seeds.length === 0) throw new Error("Give a folder, the number of threads and seeds.")

const { recipe, difficulty } = arithmeticPlan
/** Changes of the recipe that the claims name, the recipe itself first. */
const changes = ["errors-0", "errors-10", "errors-25", "group-4", "group-16", "clip-1", "clip-10", "fixed", "uncentred"]
const claims: ReasoningPlan = {
  ...arithmeticPlan,
  variants: (plan, task) =>
    [axes.errors, axes.group, axes.clip, axes.critic, axes.advantage]
      .flatMap((axis) => axis(plan, task))
      .filter(({ key }) => changes.includes(key)),
  withGrpo: false
}

/** A policy, and the reward as its warm-up leaves it. */
const ofSteps = (steps: number): ReasoningPlan => ({
  ...arithmeticPlan,
  difficulty: { ...difficulty, steps },
  variants: (plan, task) => axes.critic(plan, task).slice(0, 1),
  recipe: { ...recipe, policy: { ...recipe.policy, steps: 1 } },
  withGrpo: false
})

const runs = seeds.flatMap((seed) => [
  { output: `${folder}/claims-${seed}`, seed: Number(seed), plan: claims },
  { output: `${folder}/three-${seed}`, seed: Number(seed), plan: ofSteps(3) },
  { output: `${folder}/five-${seed}`, seed: Number(seed), plan: ofSteps(5) }
])

/** What was trained before is kept, and what was broken off goes on. */
const main = Effect.forEach(runs, ({ output, seed, plan }) =>
  Effect.gen(function* () {
    const resume = yield* (yield* FileSystem.FileSystem).exists(`${output}/config.yaml`)
    const run = { output, seed, backend: usualBackend, threads: Number(threads), resume, overwrite: false, json: false }
    yield* reasoning({ ...run, quick: false, task: "arithmetic", data: undefined }, plan)
  }).pipe(Effect.scoped)
)

NodeRuntime.runMain(
  main.pipe(
    Effect.provide(backendLayer(usualBackend, { threads: Number(threads) })),
    Effect.provide(NodeServices.layer)
  )
)
