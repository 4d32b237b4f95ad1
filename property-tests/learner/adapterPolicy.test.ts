import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Adapters, fromFiles, merge, toFiles } from "../../src/core/adapter/index.ts"
import { type Params, Policies } from "../../src/core/learner/index.ts"
import { Rng, Tensors } from "../../src/core/tensor/index.ts"
import * as Shared from "./adapterSubject.ts"
import * as Subject from "./subject.ts"
import { apart, greedy, prompts, run, trained } from "./trainedPolicy.ts"

/** In single precision, as files hold them, whatever the backend keeps. */
const asStored = (params: Params): Params =>
  Object.fromEntries(
    Object.entries(params).map(([name, { data, shape }]) => [name, Tensors.f32(Float32Array.from(data), shape)])
  )
describe.each(Subject.backends)("on %s", (_, layer) => {
  it("law: trained and merged, an adapter gives the log-probabilities and the greedy completions that it gives when on", () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const own = yield* Policies.make(Shared.policy(yield* Shared.shared(), { sampling: greedy }))
        yield* own.start
        const before = yield* own.logProbs(Subject.validation)
        const { params } = yield* trained(own, 5)
        const merged = merge(Shared.policyAdapter, Subject.params, params)
        const whole = yield* Policies.make(Subject.policy({ params: merged, sampling: greedy }))
        yield* whole.start
        const on = yield* own.logProbs(Subject.validation)
        expect(apart(on, before)).toBeGreaterThan(0.05)
        expect(apart(on, yield* whole.logProbs(Subject.validation))).toBeLessThan(1e-4)
        const [drawn, expected] = [yield* own.sample(prompts, Rng.make(1)), yield* whole.sample(prompts, Rng.make(1))]
        expect(drawn.map(({ completion }) => completion)).toEqual(expected.map(({ completion }) => completion))
        const read = yield* own.logProbs(drawn.map(({ completion }, i) => ({ prompt: prompts[i]!, completion })))
        expect(
          apart(
            read,
            drawn.map(({ rawLogProbs }) => rawLogProbs)
          )
        ).toBeLessThan(1e-4)
      })
    ))

  it("law: the reference is the base with the adapter off, before and after training; a fresh adapter changes nothing", () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const whole = yield* Policies.make(Subject.policy())
        yield* whole.start
        const expected = yield* whole.logProbs(Subject.validation)
        for (const linked of [false, true]) {
          const own = yield* Policies.make(Shared.policy(yield* Shared.shared(Subject.params, { linked })))
          yield* own.start
          expect(apart(yield* own.logProbs(Subject.validation), expected)).toBeLessThan(1e-5)
          const off = yield* own.referenceLogProbs(Subject.validation)
          expect(apart(off, expected)).toBeLessThan(1e-5)
          yield* trained(own)
          expect(yield* own.referenceLogProbs(Subject.validation)).toEqual(off)
          expect(apart(yield* own.logProbs(Subject.validation), off)).toBeGreaterThan(0.01)
        }
      })
    ))

  it("law: an adapter stored as PEFT's files is where another run goes on, over the same base", () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const first = yield* Policies.make(Shared.policy(yield* Shared.shared()))
        const values = asStored((yield* trained(first)).params)
        const files = toFiles({ adapter: Shared.policyAdapter, values })
        const read = yield* Effect.fromResult(fromFiles(files, Subject.config))
        expect(Subject.bytes(read.values)).toEqual(Subject.bytes(values))
        const base = yield* Shared.shared()
        const adapter = { adapter: read.adapter, base, scope: "again/" }
        const next = yield* Policies.make(Subject.policy({ params: read.values, adapter }))
        yield* next.start
        expect(apart(yield* next.logProbs(Subject.validation), yield* first.logProbs(Subject.validation))).toBeLessThan(
          1e-5
        )
      })
    ))

  it("law: an adapter that was trained before is its own reference, which stays as the policy moves on, unless the base is asked for", () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const first = yield* trained(yield* Policies.make(Shared.policy(yield* Shared.shared())))
        const base = yield* Shared.shared()
        const { adapter } = Shared.over(base)
        const own = yield* Policies.make(Shared.policy(base, { params: first.params }))
        yield* own.start
        const start = yield* own.logProbs(Subject.validation)
        const reference = yield* own.referenceLogProbs(Subject.validation)
        expect(reference).toEqual(start)
        yield* trained(own)
        expect(yield* own.referenceLogProbs(Subject.validation)).toEqual(reference)
        expect(apart(yield* own.logProbs(Subject.validation), reference)).toBeGreaterThan(0.01)
        const toBase = { ...adapter, scope: "other/", reference: "base" } as const
        const other = yield* Policies.make(Shared.policy(base, { params: first.params, adapter: toBase }))
        const fresh = yield* Policies.make(Shared.policy(yield* Shared.shared()))
        expect(yield* other.referenceLogProbs(Subject.validation)).toEqual(
          yield* fresh.referenceLogProbs(Subject.validation)
        )
        const state = Object.keys(yield* own.save)
        expect(state.filter((name) => name.includes("reference"))).toEqual([])
      })
    ))

  it("law: two adapters in one memory do not see each other, and each trains as it does alone", () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const alone = yield* trained(yield* Policies.make(Shared.policy(yield* Shared.shared())))
        const base = yield* Shared.shared()
        const one = yield* Policies.make(Shared.policy(base, Shared.over(base, "one/")))
        const other = yield* Policies.make(Shared.policy(base, Shared.over(base, "other/")))
        yield* other.start
        const before = { rows: yield* other.logProbs(Subject.validation), state: Subject.bytes(yield* other.save) }
        expect(Subject.bytes((yield* trained(one)).params)).toEqual(Subject.bytes(alone.params))
        expect(yield* other.logProbs(Subject.validation)).toEqual(before.rows)
        expect(Subject.bytes(yield* other.save)).toEqual(before.state)
        expect(Subject.bytes((yield* trained(other)).params)).toEqual(Subject.bytes(alone.params))
        expect(yield* Shared.presentOf(base)).toBe(base.fingerprint)
      })
    ))
})

describe("refusals", () => {
  it("error: a scope that is none, or that another learner has until it is done", () =>
    run(
      Effect.gen(function* () {
        const base = yield* Shared.shared()
        const make = (scope: string) => Policies.make(Shared.policy(base, Shared.over(base, scope)))
        for (const scope of ["", "policy", "param/", "sampling/", "a/b/"])
          expect((yield* Effect.flip(make(scope)))._tag).toBe("BadScope")
        yield* Effect.scoped(
          Effect.gen(function* () {
            const policy = yield* make("policy/")
            yield* policy.start
            expect((yield* Effect.flip(make("policy/"))).message).toContain("is taken")
          })
        )
        expect((yield* base.memory.names).filter((name) => !name.startsWith("param/"))).toEqual([])
        yield* make("policy/")
      })
    ))

  it("error: an adapter of another model's shape, or of a classifier", () =>
    run(
      Effect.gen(function* () {
        const base = yield* Shared.shared()
        const wide = Shared.adapterOf({}, { ...Subject.config, intermediate_size: 32 })
        const deep = Shared.adapterOf({}, { ...Subject.config, num_hidden_layers: 2 })
        for (const adapter of [wide, deep, Shared.criticAdapter]) {
          const options = { params: Adapters.initialise(adapter, 1), adapter: { adapter, base, scope: "policy/" } }
          const error = yield* Effect.flip(Policies.make(Subject.policy(options)))
          expect(error).toMatchObject({ _tag: "AdapterRejected", kind: "mismatch" })
        }
      })
    ))
})
