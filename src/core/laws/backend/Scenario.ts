import { Effect, Equal, Result, type Scope } from "effect"
import type { Backend, Feeds, RunError, UnsupportedOp } from "../../service/index.ts"
import { type Area, type BackendLaw, backendLaw } from "./BackendLaw.ts"

/** A story about one backend, told through the service alone: what it found, and what it should have found. */
export interface Scenario {
  readonly name: string
  readonly tell: Effect.Effect<{ readonly found: unknown; readonly expected: unknown }, unknown, Backend | Scope.Scope>
}

/** That a story ends as it should. */
export const scenarioLaw = (area: Area, { name, tell }: Scenario): BackendLaw =>
  backendLaw(
    area,
    name,
    Effect.map(tell, ({ found, expected }) =>
      Equal.equals(found, expected) ? undefined : `it found ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`
    )
  )

/** Tensors as plain numbers. */
export const plain = (feeds: Feeds): Readonly<Record<string, ReadonlyArray<number>>> =>
  Object.fromEntries(Object.entries(feeds).map(([name, t]) => [name, Array.from(t.data)]))

/** The plain result, or the tag of the failure with the name of what was refused. */
export const outcome = <R>(effect: Effect.Effect<Feeds, UnsupportedOp | RunError, R>) =>
  Effect.map(Effect.result(effect), (result) => {
    if (Result.isSuccess(result)) return plain(result.success)
    const { failure } = result
    if (failure._tag === "BadFeed") return `BadFeed ${failure.name}`
    return failure._tag === "NonFinite" ? `NonFinite ${failure.output}` : failure._tag
  })
