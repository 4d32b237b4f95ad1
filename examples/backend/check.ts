// Holds the backend beside it to the laws that every backend is held to.
// Run: node --conditions=source examples/backend/check.ts
import { Console, Effect } from "effect"
import * as Laws from "rewardflow/laws"
import { layer as reference } from "rewardflow/reference"
import { layer } from "./float32.ts"

export const main = Effect.gen(function* () {
  const laws = Laws.backend({ reference, precision: "single" })
  const broken = yield* Effect.filter(laws, ({ check }) =>
    check.pipe(
      Effect.matchEffect({
        onSuccess: () => Effect.succeed(false),
        onFailure: (e) => Effect.as(Console.log(e.message), true)
      })
    )
  )
  yield* Console.log(`${laws.length - broken.length} of ${laws.length} laws are kept`)
}).pipe(Effect.provide(layer))

if (import.meta.main) await Effect.runPromise(main)
