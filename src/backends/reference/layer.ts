import { Effect, Layer } from "effect"
import { Backend } from "../../core/service/index.ts"
import { compile } from "./compile.ts"
import { ReferenceMemory } from "./Memory.ts"

/**
 * The backend that states what programs mean: every op in double precision, in plain TypeScript.
 * Slow, and the oracle of every law.
 */
export const layer: Layer.Layer<Backend> = Layer.succeed(Backend, {
  name: "reference",
  memory: Effect.acquireRelease(
    Effect.sync(() => new ReferenceMemory()),
    (memory) =>
      Effect.sync(() => {
        memory.held.clear()
        memory.linked.clear()
      })
  ),
  compile
})
