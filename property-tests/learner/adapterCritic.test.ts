import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { merge } from "../../src/core/adapter/index.ts"
import {
  adapterHead,
  adapterSegmentHeads,
  type CriticOptions,
  Critics,
  Policies,
  type SharedBase,
  verifierHead
} from "../../src/core/learner/index.ts"
import { Discriminator } from "../../src/core/objective/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import * as Shared from "./adapterSubject.ts"
import { near, numbers, updated } from "./startedCritic.ts"
import * as Subject from "./subject.ts"

const { stepwise } = Granularities
const place = (base: SharedBase) => ({ over: { base, scope: "critic/" } })
const verifier = verifierHead({ config: Subject.config, seed: 1 })
const segment = Result.getOrThrow(
  adapterSegmentHeads({ config: Subject.config, adapter: Shared.criticAdapter, seed: 7 })
)
const { scale: _, ...plainly } = Subject.critic(stepwise())

/** Every kind of critic over a base. */
const critics: Readonly<
  Record<string, (base: SharedBase, options?: { readonly microBatch: number }) => CriticOptions>
> = {
  "an adapter": (base, options) => Shared.critic(base, options),
  "an adapter with slopes": (base, options) =>
    Shared.critic(base, { objective: Discriminator.wgan({ gradientPenalty: 10 }), ...options }),
  "a segment critic": (base, options) =>
    Subject.segmentCritic(stepwise(), {}, { model: segment, ...place(base), ...options }),
  "a verifier head": (base, options) => ({ ...plainly, model: verifier, ...place(base), ...options })
}

describe.each(Subject.backends)("on %s", (_, layer) => {
  it.each(Object.entries(critics))("law: %s learns over a base that stays as it was, whole or in parts", (_, options) =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const [base, other] = [yield* Shared.shared(), yield* Shared.shared()]
        const whole = yield* updated(options(base), 2)
        const parts = yield* updated(options(other, { microBatch: 3 }), 2)
        const { model } = options(base)
        expect(Object.keys(whole.params)).toEqual(Object.keys(model.params))
        for (const name of Object.keys(model.params)) {
          expect(numbers(whole.params, name), name).not.toEqual(numbers(model.initial, name))
          near(numbers(parts.params, name), numbers(whole.params, name), 1e-3, name)
        }
        for (const one of [base, other]) expect(yield* Shared.presentOf(one)).toBe(one.fingerprint)
      })
    ))

  it("law: policy and critic adapters in one memory leave each other alone", () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const base = yield* Shared.shared()
        const policy = yield* Policies.make(Shared.policy(base))
        yield* policy.start
        const before = [yield* policy.logProbs(Subject.validation), yield* policy.referenceLogProbs(Subject.validation)]
        yield* updated(Shared.critic(base), 2)
        const after = [yield* policy.logProbs(Subject.validation), yield* policy.referenceLogProbs(Subject.validation)]
        expect(after).toEqual(before)
      })
    ))

  it("law: a trained critic's adapter, merged, is a critic of whole weights with the same rewards", () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const critic = yield* Critics.make(Shared.critic(yield* Shared.shared()))
        yield* critic.start
        const { params } = yield* updated(Shared.critic(yield* Shared.shared()), 3)
        const loaded = yield* Critics.make(Shared.critic(yield* Shared.shared(), { load: { params } }))
        yield* loaded.start
        const merged = merge(Shared.criticAdapter, Subject.params, params)
        const whole = yield* Critics.make(Subject.critic(stepwise(), { load: { params: merged } }))
        yield* whole.start
        const read = yield* loaded.logits(Subject.validation)
        for (const [i, row] of (yield* whole.logits(Subject.validation)).entries())
          near(Array.from(read[i]!), Array.from(row), 1e-4)
        expect(read).not.toEqual(yield* critic.logits(Subject.validation))
      })
    ))
})

const run = <A, E>(test: Parameters<typeof Subject.on<A, E>>[1]) => Subject.on(Subject.backends[0]![1], test)

describe("refusals", () => {
  it.each([Shared.criticModel, verifier])("error: $name without the base whose parameters it reads", (model) =>
    run(
      Effect.gen(function* () {
        const error = yield* Effect.flip(Critics.make(Subject.critic(stepwise(), { model })))
        expect(error._tag).toBe("BadCritic")
        expect(error.message).toContain("Say in over where the base lies")
      })
    ))

  it("error: an adapter that is no classifier's has no head to score with", () => {
    const made = adapterHead({ config: Subject.config, adapter: Shared.policyAdapter, seed: 1 })
    expect(Result.isFailure(made) && made.failure.message).toContain("a critic needs SEQ_CLS")
  })
})
