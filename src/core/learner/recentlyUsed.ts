import { Effect, Exit, Scope, Semaphore } from "effect"

/**
 * Keeps things that take memory, by name: each is made when it is first asked for, and at most `limit` are kept. Before
 * one more is made, the one that was asked for longest ago is released; all are with the surrounding scope.
 *
 * @returns hands the thing of a name to `use`; one user at a time, so that none is released while it is in use
 */
export const recentlyUsed = Effect.fnUntraced(function* <T>(limit: number) {
  const scope = yield* Effect.scope
  const turn = yield* Semaphore.make(1)
  // In the order of use, since a map keeps that of insertion.
  const kept = new Map<string, { readonly thing: T; readonly own: Scope.Closeable }>()

  const found = Effect.fnUntraced(function* <E, R>(key: string, make: Effect.Effect<T, E, R>) {
    const known = kept.get(key)
    kept.delete(key)
    for (const [oldest, { own }] of known === undefined ? kept : []) {
      if (kept.size < limit) break
      kept.delete(oldest)
      yield* Scope.close(own, Exit.void)
    }
    const own = known?.own ?? (yield* Scope.fork(scope))
    const thing =
      known?.thing ??
      (yield* make.pipe(
        Scope.provide(own),
        Effect.onError((cause) => Scope.close(own, Exit.failCause(cause)))
      ))
    kept.set(key, { thing, own })
    return thing
  })

  return <E, R, A, E2, R2>(key: string, make: Effect.Effect<T, E, R>, use: (thing: T) => Effect.Effect<A, E2, R2>) =>
    turn.withPermits(1)(Effect.flatMap(found(key, make), use))
})
