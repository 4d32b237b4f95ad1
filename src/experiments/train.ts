import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Console, Effect, FileSystem } from "effect"
import { Measurements } from "../core/evaluation/index.ts"
import { formatMeasurement } from "../core/figure/index.ts"
import { backendLayer } from "./backends/index.ts"
import type { Handler, TrainOptions } from "./commands/index.ts"
import { printTable, sweepTable } from "./compare/index.ts"
import { hubLayer } from "./data/index.ts"
import { type TrainSummary, trainRun } from "./train/index.ts"

const shown = ({ passAt1: { before, after } }: TrainSummary): ReadonlyArray<string> =>
  Object.entries({ before, after }).flatMap(([when, measured]) =>
    measured !== undefined && Measurements.isEstimate(measured)
      ? [`Right answers to test problems ${when}: ${formatMeasurement(measured, "percent")}`]
      : []
  )

/** One job in a scope of its own: its files are closed and its memory is given back before the next. */
const runJob = Effect.fnUntraced(function* (options: TrainOptions, job: TrainOptions["jobs"][number]) {
  const fs = yield* FileSystem.FileSystem
  // A sweep that was stopped has jobs that never began.
  const begun = !options.sweep || (yield* fs.exists(`${job.output}/config.yaml`))
  const { jobs: _, sweep: __, ...run } = options
  const { output, config } = job
  return yield* trainRun({ ...run, output, seed: config.seed, resume: options.resume && begun }, job).pipe(
    Effect.scoped
  )
})

/** What `rewardflow train` runs: every job, then one table where they are a sweep. */
export const train: Handler<TrainOptions> = (options) =>
  Effect.gen(function* () {
    const runs = yield* Effect.forEach(options.jobs, (job) => runJob(options, job))
    const summaries = runs.map(({ summary }) => summary)
    if (options.sweep) return yield* printTable(sweepTable(summaries), options.json)
    const [{ summary, table }] = runs as [(typeof runs)[number]]
    yield* Console.log(
      options.json
        ? JSON.stringify(summary, null, 2)
        : [table, "", ...shown(summary), `Model: ${summary.model}`].join("\n")
    )
  }).pipe(
    Effect.provide(backendLayer(options.backend, options)),
    Effect.provide(hubLayer()),
    // That of fetch gives up on answers that begin after 300 s.
    Effect.provide(NodeHttpClient.layerNodeHttp)
  )
