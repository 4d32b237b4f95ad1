import { Effect, type Layer, type Scope } from "effect"
import type { Backend } from "../../service/index.ts"

/** What a backend finds, and what the reference finds in its place. */
export const beside = <A, E>(
  reference: Layer.Layer<Backend>,
  look: Effect.Effect<A, E, Backend | Scope.Scope>
): Effect.Effect<readonly [found: A, expected: A], E, Backend> =>
  Effect.gen(function* () {
    const found = yield* Effect.scoped(look)
    return [found, yield* Effect.provide(Effect.scoped(look), reference)] as const
  })
