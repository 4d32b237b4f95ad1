import { Console, Effect } from "effect"
import { table } from "../core/run/index.ts"
import { suiteTable } from "../core/suite/index.ts"
import { backendLayer } from "./backends/index.ts"
import type { Handler, ProbeOptions } from "./commands/index.ts"
import { hubLayer } from "./data/index.ts"
import { probeReward } from "./probeReward/index.ts"

/** `rewardflow probe`. */
export const probe: Handler<ProbeOptions> = (options) =>
  Effect.gen(function* () {
    const result = yield* probeReward(options)
    yield* Effect.forEach(result.notes, (note) => Console.error(note), { discard: true })
    const [heading = [], ...rows] = suiteTable(result)
    const unstable = result.unstable > 0 ? [`${result.unstable} scores depend on what is scored beside them`] : []
    yield* Console.log(
      options.json
        ? JSON.stringify(result, null, 2)
        : [
            `${result.traces} right completions, scored by ${result.scorer}`,
            table(heading, rows),
            ...unstable,
            `Failures: ${options.output}`
          ].join("\n")
    )
  }).pipe(Effect.scoped, Effect.provide(backendLayer(options.backend, options)), Effect.provide(hubLayer()))
