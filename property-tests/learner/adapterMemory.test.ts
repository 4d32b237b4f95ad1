import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { evaluate } from "../../src/core/kernel/index.ts"
import { Policies, type PolicyOptions, Sft, type SftOptions } from "../../src/core/learner/index.ts"
import { dequantize, input, Programs } from "../../src/core/program/index.ts"
import type { Compile } from "../../src/core/service/index.ts"
import { Rng, type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import { quantise } from "../../src/core/transform/index.ts"
import * as Shared from "./adapterSubject.ts"
import * as Subject from "./subject.ts"
import { apart, batch, greedy, near, prompts, run, trained } from "./trainedPolicy.ts"

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

describe.each(Subject.backends)("on %s", (_, layer) => {
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

it("law: every program that reads the base reads the adapter as well, but for the reference's", () =>
  run(
    Effect.gen(function* () {
      const read: Array<{ readonly base: boolean; readonly adapter: boolean }> = []
      const watched = Effect.map(Shared.shared(), (base) => {
        const compile: Compile = (step) => {
          const any = (prefix: string) => step.resident.some((name) => name.startsWith(prefix))
          read.push({ base: any("param/"), adapter: any("policy/param/") })
          return base.compile(step)
        }
        return { ...base, compile }
      })
      const generations = { items: prompts.map((prompt) => ({ prompt })), sampling: greedy, judge: Subject.judge(1) }
      const own = Shared.over(yield* watched)
      const stage = yield* Sft.make(Subject.sft({ ...own, steps: 1, validateEvery: 1, generations }))
      yield* stage.start
      yield* Subject.steps(stage, 0, 1)
      // One step, one look at the loss, and what the sampler runs.
      expect(read.length).toBeGreaterThan(3)
      expect(read.filter(({ base, adapter }) => base !== adapter)).toEqual([])
      read.length = 0
      const policy = yield* Policies.make(Shared.policy(yield* watched, { microBatch: 3 }))
      yield* trained(policy, 1)
      yield* policy.sample(prompts, Rng.make(1))
      yield* policy.logProbs(batch)
      const without = read.filter(({ base, adapter }) => base && !adapter)
      expect(without.length).toBe(1)
      expect(read.length).toBeGreaterThan(4)
    })
  ))

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
