import { Effect, type Scope } from "effect"
import type { BackendFailure } from "../../../core/service/index.ts"
import { answer, gone } from "../engine/answer.ts"
import { type Client, toEffect } from "../engine/Client.ts"
import { type Keeper, make } from "../engine/Engine.ts"
import type { Runtime } from "../engine/Runtime.ts"

// Of two requests that reach one ONNX Runtime at once it would refuse one.
const turns = new WeakMap<Runtime, Promise<unknown>>()

const inTurn = <A>(runtime: Runtime, act: () => Promise<A>): Promise<A> => {
  const next = (turns.get(runtime) ?? Promise.resolve()).then(act)
  turns.set(runtime, next)
  return next
}

/** An engine on the calling thread, until the scope closes. */
export const onPage = <H>(
  backend: string,
  start: Effect.Effect<{ readonly runtime: Runtime; readonly keeper: Keeper<H> }, BackendFailure>
): Effect.Effect<Client, BackendFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const { runtime, keeper } = yield* start
    const engine = make(keeper)
    let open = true
    yield* Effect.addFinalizer(() =>
      Effect.promise(() => {
        open = false
        // What is being computed is finished first.
        return inTurn(runtime, async () => undefined)
      })
    )
    return {
      ask: (request) =>
        Effect.promise(() =>
          inTurn(runtime, () => (open ? answer(engine, request) : Promise.resolve(gone("its scope has closed."))))
        ).pipe(Effect.flatMap((answered) => toEffect(backend, request, answered)))
    }
  })
