import { Effect, FileSystem, Path } from "effect"
import { Tables } from "../core/figure/index.ts"
import { arithmetic } from "../core/task/index.ts"
import { axes } from "./ablation/index.ts"
import { backendLayer } from "./backends/index.ts"
import type { AblateOptions, Handler } from "./commands/index.ts"
import { ablationTable, printTable, readRuns } from "./compare/index.ts"
import { arithmeticPlan, quickPlan, reasoning } from "./quickstart/index.ts"

/** One run a seed, each with all variants on one SFT policy; what a run finished before is kept. */
const runSeed = Effect.fnUntraced(function* (options: AblateOptions, output: string, seed: number) {
  const fs = yield* FileSystem.FileSystem
  const begun = yield* fs.exists(`${output}/config.yaml`)
  const plan = { ...(options.quick ? quickPlan : arithmeticPlan), variants: axes[options.axis], withGrpo: false }
  const run = { ...options, json: false, output, seed, resume: options.resume && begun }
  yield* reasoning({ ...run, task: "arithmetic", data: undefined }, plan).pipe(Effect.scoped)
})

/** The settings of an axis, by key and label. */
const settings = (axis: AblateOptions["axis"]) =>
  axes[axis](arithmeticPlan, arithmetic({ seed: 0, train: 1, validation: 1, test: 1 }))

/** What `rewardflow ablate` runs. */
export const ablate: Handler<AblateOptions> = (options) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const fs = yield* FileSystem.FileSystem
    const seeds = Array.from({ length: options.seeds }, (_, i) => options.seed + i)
    const runs = seeds.map((seed) => path.join(options.output, `seed-${seed}`))
    for (const [i, seed] of seeds.entries()) yield* runSeed(options, runs[i]!, seed)
    const table = ablationTable(yield* readRuns(runs), settings(options.axis))
    const text = `${Tables.toMarkdown(table)}\n\n${table.caption}\n`
    yield* fs.writeFileString(path.join(options.output, "table.md"), text)
    yield* printTable(table, options.json)
  }).pipe(Effect.scoped, Effect.provide(backendLayer(options.backend, options)))
