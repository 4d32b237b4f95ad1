import { Effect } from "effect"
import { expect } from "vitest"
import { type CriticOptions, Critics, type Negative, type Params, type Scorer } from "../../src/core/learner/index.ts"
import { Rng } from "../../src/core/tensor/index.ts"
import * as Subject from "./subject.ts"

/** Rollouts of the first demonstrations' prompts, two a prompt. */
export const rollouts: ReadonlyArray<Negative> = Array.from({ length: 6 }, (_, i) => {
  const demonstration = Math.floor(i / 2)
  const { prompt } = Subject.train[demonstration]!
  return { prompt, completion: [3 + i, 2, 9 - i, 4, 1].slice(i % 2), demonstration }
})

/** A stand-in for a policy: token t of a completion has log π = -1 - t/10. */
export const logProbs: Scorer.Score = (sequences) =>
  Effect.succeed(sequences.map(({ completion }) => Float64Array.from(completion, (_, t) => -1 - t / 10)))

export const batch = { rollouts: 5, freshShare: 1, perturbed: 2, versions: 2 }

/** A critic that has seen the rollouts, at its start. */
export const started = (options: CriticOptions) =>
  Effect.gen(function* () {
    const critic = yield* Critics.make(options, { logProbs })
    yield* critic.start
    yield* critic.observe(rollouts)
    return critic
  })

/** Parameters and metrics after some updates. */
export const updated = (options: CriticOptions, updates = 1) =>
  Effect.gen(function* () {
    const critic = yield* started(options)
    const metrics = yield* Effect.forEach(
      Array.from({ length: updates }, (_, i) => i),
      (i) => critic.update(i, Rng.make(3, i))
    )
    return { params: yield* critic.params, metrics }
  })

export const numbers = (params: Params, name: string) => Array.from(params[name]!.data)

export const near = (found: ReadonlyArray<number>, expected: ReadonlyArray<number>, tolerance: number, what = "") => {
  const size = Math.max(1e-3, ...expected.map(Math.abs))
  for (const [i, e] of expected.entries()) {
    expect(Math.abs(found[i]! - e) / size, `${what}[${i}]`).toBeLessThan(tolerance)
  }
}
