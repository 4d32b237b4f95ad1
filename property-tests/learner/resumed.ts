import { Effect } from "effect"
import { expect } from "vitest"
import type { Snapshot, Stage } from "../../src/core/run/index.ts"
import * as Subject from "./subject.ts"

/** The snapshot after all steps, and that of a second stage which took over at step k from what was written. */
export const resumed = <E, R, E2, R2>(make: Effect.Effect<Stage<E, R>, E2, R2>, k: number) =>
  Effect.gen(function* () {
    const whole = yield* make
    yield* whole.start
    yield* Subject.steps(whole, 0, k)
    const checkpoint = Subject.stored(yield* whole.save)
    const before = yield* Subject.steps(whole, k, whole.steps)
    const other = yield* make
    yield* other.restore(checkpoint)
    const after = yield* Subject.steps(other, k, other.steps)
    return { whole: yield* whole.save, resumed: yield* other.save, before, after }
  })

/** Both went the same way, metrics and state alike, bit for bit. */
export const expectEqual = (found: { whole: Snapshot; resumed: Snapshot; before: unknown; after: unknown }): void => {
  expect(found.after).toEqual(found.before)
  expect(found.resumed.state).toEqual(found.whole.state)
  expect(Subject.bytes(found.resumed.tensors)).toEqual(Subject.bytes(found.whole.tensors))
}
