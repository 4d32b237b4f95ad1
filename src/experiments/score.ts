import { Console, Effect } from "effect"
import { formatMeasurement } from "../core/figure/index.ts"
import { Censuses } from "../core/result/index.ts"
import { backendLayer } from "./backends/index.ts"
import type { Handler, ScoreOptions } from "./commands/index.ts"
import { hubLayer } from "./data/index.ts"
import { describeInput, leftOutLines } from "./evaluateRun/index.ts"
import { scoreFile } from "./scoreFile/index.ts"

/** `rewardflow score`. */
export const score: Handler<ScoreOptions> = (options) =>
  Effect.gen(function* () {
    const summary = yield* scoreFile(options)
    const { rows, scored, scalar, picks, problems, output, left_out, input_problems, notes } = summary
    yield* Effect.forEach(notes, (note) => Console.error(note), { discard: true })
    const shown = (x: number | null): string => (x === null ? "n/a" : x.toFixed(4))
    yield* Console.log(
      options.json
        ? JSON.stringify(summary, null, 2)
        : [
            `${scored} of ${rows} rows scored; mean ${shown(scalar.mean)}, standard deviation ${shown(scalar.std)}`,
            ...Object.entries(picks).map(([name, value]) => `${name}: ${formatMeasurement(value, "percent")} right`),
            ...leftOutLines(left_out),
            ...input_problems.map(describeInput),
            ...problems.map(Censuses.describe),
            `Rows: ${output}`
          ].join("\n")
    )
  }).pipe(Effect.scoped, Effect.provide(backendLayer(options.backend, options)), Effect.provide(hubLayer()))
