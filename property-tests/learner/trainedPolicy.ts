import { Effect } from "effect"
import { expect } from "vitest"
import type { Params, Policies } from "../../src/core/learner/index.ts"
import { plain } from "../../src/core/sampling/index.ts"
import * as Subject from "./subject.ts"

type Rows = ReadonlyArray<ArrayLike<number>>

const flat = (rows: Rows): ReadonlyArray<number> => rows.flatMap((row) => Array.from(row))
/** Largest difference of two readings; NaN where they are not of one size. */
export const apart = (a: Rows, b: Rows): number => {
  const [x, y] = [flat(a), flat(b)]
  return x.length === y.length ? x.reduce((most, v, i) => Math.max(most, Math.abs(v - y[i]!)), 0) : Number.NaN
}

export const greedy = { ...plain(6, [Subject.EOS]), temperature: 0 }
export const prompts = Subject.validation.map(({ prompt }) => prompt)

/** A batch that pulls the policy towards demonstrations. */
export const batch = Subject.train.slice(0, 6).map(
  (sequence, i): Policies.Weighted => ({
    ...sequence,
    oldLogProbs: sequence.completion.map(() => -2),
    samplerLogProbs: sequence.completion.map(() => -2),
    advantages: Float64Array.from(sequence.completion, () => (i % 2 === 0 ? 1 : -0.5)),
    counts: true
  })
)

/** A policy that was started and updated on `batch`. */
export const trained = Effect.fnUntraced(function* (policy: Policies.Policy, updates = 3) {
  yield* policy.start
  const reference = yield* policy.referenceLogProbs(batch)
  const metrics = yield* Effect.forEach(
    Array.from({ length: updates }, (_, i) => i),
    (i) => policy.update(i, batch, reference)
  )
  return { metrics, params: yield* policy.params }
})

export const near = (a: Params, b: Params, tolerance: number): void => {
  expect(Object.keys(a)).toEqual(Object.keys(b))
  for (const [name, { data }] of Object.entries(a)) expect(apart([data], [b[name]!.data]), name).toBeLessThan(tolerance)
}

/** Runs a test on the reference backend. */
export const run = <A, E>(test: Parameters<typeof Subject.on<A, E>>[1]) => Subject.on(Subject.backends[0]![1], test)
