import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Adapters, fromFiles, merge, toFiles } from "../../src/core/adapter/index.ts"
import { evaluate } from "../../src/core/kernel/index.ts"
import { type Params, Policies, type PolicyOptions, Sft, type SftOptions } from "../../src/core/learner/index.ts"
import { dequantize, input, Programs } from "../../src/core/program/index.ts"
import { plain } from "../../src/core/sampling/index.ts"
import type { Compile } from "../../src/core/service/index.ts"
import { Rng, type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import { quantise } from "../../src/core/transform/index.ts"
import * as Shared from "./adapterSubject.ts"
import * as Subject from "./subject.ts"

type Rows = ReadonlyArray<ArrayLike<number>>

const flat = (rows: Rows): ReadonlyArray<number> => rows.flatMap((row) => Array.from(row))
const apart = (a: Rows, b: Rows): number => {
  const [x, y] = [flat(a), flat(b)]
  return x.length === y.length ? x.reduce((most, v, i) => Math.max(most, Math.abs(v - y[i]!)), 0) : Number.NaN
}

const greedy = { ...plain(6, [Subject.EOS]), temperature: 0 }
const prompts = Subject.validation.map(({ prompt }) => prompt)

/** A batch that pulls the policy towards demonstrations. */
const batch = Subject.train.slice(0, 6).map(
  (sequence, i): Policies.Weighted => ({
    ...sequence,
    oldLogProbs: sequence.completion.map(() => -2),
    samplerLogProbs: sequence.completion.map(() => -2),
    advantages: Float64Array.from(sequence.completion, () => (i % 2 === 0 ? 1 : -0.5)),
    counts: true
  })
)

const trained = Effect.fnUntraced(function* (policy: Policies.Policy, updates = 3) {
  yield* policy.start
  const reference = yield* policy.referenceLogProbs(batch)
  const metrics = yield* Effect.forEach(
    Array.from({ length: updates }, (_, i) => i),
    (i) => policy.update(i, batch, reference)
  )
  return { metrics, params: yield* policy.params }
})

/** In single precision, as files hold them, whatever the backend keeps. */
const asStored = (params: Params): Params =>
  Object.fromEntries(
    Object.entries(params).map(([name, { data, shape }]) => [name, Tensors.f32(Float32Array.from(data), shape)])
  )

const PACKED = "model.layers.0.mlp.up_proj.weight"
const isPacked = (name: string): boolean => name.startsWith("model.layers.") && name.endsWith("_proj.weight")

/** The matrix that 4-bit codes stand for, by the kernel's definition. */
const dequantised = (weight: Tensor, block: number): Tensor => {
  const { codes, scales, zeros } = quantise(weight, block)
  const program = Programs.fromExprs({
    w: dequantize(
      input("codes", codes.shape, "i32"),
      input("scales", scales.shape),
      input("zeros", zeros.shape, "i32"),
      { block, width: weight.shape[1]! }
    )
  })
  const { data, shape } = evaluate(program, { codes, scales, zeros })["w"]!
  return Tensors.f32(Float32Array.from(data), shape)
}

const near = (a: Params, b: Params, tolerance: number): void => {
  expect(Object.keys(a)).toEqual(Object.keys(b))
  for (const [name, { data }] of Object.entries(a)) expect(apart([data], [b[name]!.data]), name).toBeLessThan(tolerance)
}

const run = <A, E>(test: Parameters<typeof Subject.on<A, E>>[1]) => Subject.on(Subject.backends[0]![1], test)

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

  it("law: an adapter that was trained before can be its own reference, which stays as the policy moves on", () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const first = yield* trained(yield* Policies.make(Shared.policy(yield* Shared.shared())))
        const base = yield* Shared.shared()
        const { adapter } = Shared.over(base)
        const options = { params: first.params, adapter: { ...adapter, reference: "start" } } as const
        const own = yield* Policies.make(Shared.policy(base, options))
        yield* own.start
        const start = yield* own.logProbs(Subject.validation)
        const reference = yield* own.referenceLogProbs(Subject.validation)
        expect(reference).toEqual(start)
        yield* trained(own)
        expect(yield* own.referenceLogProbs(Subject.validation)).toEqual(reference)
        expect(apart(yield* own.logProbs(Subject.validation), reference)).toBeGreaterThan(0.01)
        const state = Object.keys(yield* own.save)
        expect(state.filter((name) => name.includes("reference"))).toEqual([])
      })
    ))

  it("law: on a 4-bit base an adapter trains as on the weights that its codes stand for, and the base holds nothing else", () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const block = 8
        const near16 = Object.fromEntries(
          Object.entries(Subject.params).map(([name, x]) => [name, isPacked(name) ? dequantised(x, block) : x])
        )
        expect(apart([near16[PACKED]!.data], [Subject.params[PACKED]!.data])).toBeGreaterThan(1e-3)
        const expected = yield* trained(yield* Policies.make(Shared.policy(yield* Shared.shared(near16))))
        for (const linked of [false, true]) {
          const base = yield* Shared.shared(Subject.params, { linked, fourBit: { block } })
          const own = yield* Policies.make(Shared.policy(base))
          near((yield* trained(own)).params, expected.params, 2e-4)
          const held = yield* base.memory.names
          expect(held).toContain(`param/${PACKED}.codes`)
          expect(held).not.toContain(`param/${PACKED}`)
          const other = yield* Policies.make(Shared.policy(yield* Shared.shared()))
          expect((yield* Effect.flip(other.restore(yield* own.save)))._tag).toBe("OtherBase")
        }
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

  it.each([
    ["weights", false],
    ["adapters", true]
  ] as const)("law: %s learn with recomputed layers, chunks of logits and micro-batches what they learn without", (_, adapts) =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const made = Effect.fnUntraced(function* (options: Partial<PolicyOptions>) {
          const own = adapts ? Shared.over(yield* Shared.shared()) : {}
          return yield* trained(yield* Policies.make(Subject.policy({ ...own, ...options })))
        })
        const expected = yield* made({})
        for (const options of [
          { recompute: true },
          { logitChunk: 5 },
          { recompute: true, logitChunk: 5 },
          { recompute: true, logitChunk: 5, microBatch: 3, scoringRows: 4, samplingRows: 4 }
        ]) {
          const found = yield* made(options)
          near(found.params, expected.params, 2e-5)
          for (const [name, x] of Object.entries(expected.metrics.at(-1)!))
            expect(found.metrics.at(-1)![name]).toBeCloseTo(x!, 4)
        }
      })
    ))

  it("law: fine-tuning an adapter with recomputed layers and chunks of logits is fine-tuning it without", () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const tuned = Effect.fnUntraced(function* (options: Partial<SftOptions>) {
          const own = Shared.over(yield* Shared.shared())
          const stage = yield* Sft.make(Subject.sft({ ...own, steps: 6, validateEvery: 3, ...options }))
          yield* stage.start
          const metrics = yield* Subject.steps(stage, 0, 6)
          return { losses: metrics.flatMap((m) => m["eval/loss"] ?? []), last: yield* stage.last }
        })
        const plainly = yield* tuned({})
        expect(plainly.losses[1]).toBeLessThan(plainly.losses[0]!)
        near((yield* tuned({ recompute: true, logitChunk: 7, microBatch: 3 })).last, plainly.last, 2e-5)
      })
    ))
})

it("law: recomputing changes the programs of training alone, chunks of logits those of reading as well", () =>
  run(
    Effect.gen(function* () {
      const programs = Effect.fnUntraced(function* (options: Partial<PolicyOptions>) {
        const base = yield* Shared.shared()
        const seen: Array<{ readonly nodes: number; readonly rows: number }> = []
        const compile: Compile = (step) => {
          seen.push({ nodes: step.program.nodes.length, rows: Programs.inputs(step.program)["ids"]!.shape[0]! })
          return base.compile(step)
        }
        yield* trained(yield* Policies.make(Shared.policy({ ...base, compile }, options)), 1)
        return seen
      })
      const [reading, training] = yield* programs({})
      const [same, recomputed] = yield* programs({ recompute: true })
      const [chunked] = yield* programs({ logitChunk: 5 })
      expect(same).toEqual({ nodes: reading!.nodes, rows: 64 })
      expect(recomputed!.nodes).toBeGreaterThan(training!.nodes)
      expect(chunked!.nodes).toBeGreaterThan(reading!.nodes)
      expect((yield* programs({ scoringRows: 4 }))[0]).toEqual({ nodes: reading!.nodes, rows: 4 })
    })
  ))

describe("refusals", () => {
  it("error: sizes that mean nothing", () =>
    run(
      Effect.gen(function* () {
        const bad = yield* Effect.flip(Shared.shared(Subject.params, { fourBit: { block: 12 } }))
        expect(bad._tag).toBe("BadBlock")
        for (const options of [{ logitChunk: 0 }, { scoringRows: 0 }, { scoringRows: 1.5 }]) {
          const error = yield* Effect.flip(Policies.make(Subject.policy(options)))
          expect(error).toMatchObject({ _tag: "BadFootprint", option: Object.keys(options)[0] })
        }
      })
    ))

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
