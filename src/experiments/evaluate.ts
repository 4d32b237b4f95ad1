import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { Console, Effect } from "effect"
import { backendLayer } from "./backends/index.ts"
import type { EvaluateOptions, Handler } from "./commands/index.ts"
import { hubLayer } from "./data/index.ts"
import { evaluateRun, metricsTable } from "./evaluateRun/index.ts"

/** `rewardflow evaluate`. */
export const evaluate: Handler<EvaluateOptions> = (options) =>
  Effect.gen(function* () {
    const summary = yield* evaluateRun(options)
    yield* Effect.forEach(summary.notes, (note) => Console.error(note), { discard: true })
    const { unread, foreign, cut, long_prompts } = summary.left_out
    const left = [
      ...(long_prompts > 0 ? [`${long_prompts} problems left out: their prompts are too long`] : []),
      ...(foreign > 0 ? [`${foreign} rows left out: they are of other problems`] : []),
      ...(cut > 0
        ? [`${cut} completions are longer than the part that this reward reads; the rest has no reward`]
        : []),
      ...(unread > 0 ? [`${unread} rows without scores: they are empty, or longer than a model reads`] : [])
    ]
    yield* Console.log(
      options.json
        ? JSON.stringify(summary, null, 2)
        : [metricsTable(summary.metrics), ...left, `Rows: ${summary.file}`].join("\n")
    )
  }).pipe(
    Effect.scoped,
    Effect.provide(backendLayer(options.backend, options)),
    Effect.provide(hubLayer()),
    Effect.provide(NodeHttpClient.layerNodeHttp)
  )
