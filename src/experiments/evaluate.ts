import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Console, Effect } from "effect"
import { backendLayer } from "./backends/index.ts"
import type { EvaluateOptions, Handler } from "./commands/index.ts"
import { hubLayer } from "./data/index.ts"
import { describeInput, evaluateRun, leftOutLines, metricsTable, writeHarness } from "./evaluateRun/index.ts"

/** `rewardflow evaluate`. */
export const evaluate: Handler<EvaluateOptions> = (options) =>
  Effect.gen(function* () {
    const summary = yield* evaluateRun(options)
    const harness = options.harness
      ? yield* writeHarness(options.config, { ...summary, drew: summary.input === null })
      : []
    yield* Effect.forEach(summary.notes, (note) => Console.error(note), { discard: true })
    const left = [...leftOutLines(summary.left_out), ...summary.input_problems.map(describeInput)]
    yield* Console.log(
      options.json
        ? JSON.stringify(summary, null, 2)
        : [metricsTable(summary.metrics), ...left, `Rows: ${[summary.file, ...harness].join(", ")}`].join("\n")
    )
  }).pipe(
    Effect.scoped,
    Effect.provide(backendLayer(options.backend, options)),
    Effect.provide(hubLayer()),
    Effect.provide(NodeHttpClient.layerNodeHttp)
  )
