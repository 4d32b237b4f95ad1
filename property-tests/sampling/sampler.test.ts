import { Effect } from "effect"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { plain, Sampling } from "../../src/core/sampling/index.ts"
import type { Sampled, SampleRequest, SamplingOptions } from "../../src/core/service/index.ts"
import { allowed } from "./allowed.ts"
import {
  anyOptions,
  anyRequest,
  anyRequests,
  backends,
  memoryOf,
  models,
  qwen2,
  runner,
  samplerOf,
  scoresOf,
  wide
} from "./subject.ts"

const tokens = (sampled: ReadonlyArray<Sampled>) => sampled.map((s) => s.completion)

const near = (a: ReadonlyArray<number>, b: ReadonlyArray<number>, tolerance: number) => {
  expect(a.length).toBe(b.length)
  for (const [i, x] of a.entries()) expect(Math.abs(x - b[i]!)).toBeLessThan(tolerance)
}

describe.each(backends)("sampler: %s", (name, layer) => {
  const { run, dispose } = runner(layer)
  afterAll(dispose)

  it("law: a sequence depends on its own request alone, never on neighbours, order or batch size", () =>
    run(
      Effect.gen(function* () {
        const together = yield* samplerOf(qwen2, { batchSize: 8 })
        const alone = yield* samplerOf(qwen2, { batchSize: 1 })
        const holds = async (requests: ReadonlyArray<SampleRequest>, options: SamplingOptions) => {
          const expected = await Effect.runPromise(
            Effect.forEach(requests, (r) => Effect.map(alone.sample([r], options), ([s]) => s!))
          )
          const forward = await Effect.runPromise(together.sample(requests, options))
          const backward = await Effect.runPromise(together.sample(requests.toReversed(), options))
          expect(tokens(forward)).toEqual(tokens(expected))
          expect(tokens(backward.toReversed())).toEqual(tokens(expected))
          for (const [i, s] of forward.entries()) {
            expect(s.finishReason).toBe(expected[i]!.finishReason)
            near(s.logProbs, expected[i]!.logProbs, 1e-4)
            near(s.rawLogProbs, expected[i]!.rawLogProbs, 1e-4)
          }
        }
        yield* Effect.promise(() =>
          fc.assert(fc.asyncProperty(anyRequests(), anyOptions(), holds), {
            seed: 42,
            numRuns: name === "reference" ? 25 : 4
          })
        )
      })
    ))

  it.each(
    models.map((m) => [m.model_type, m] as const)
  )("law: raw log-probs are those of the training program, log-probs those of the filtered distribution: %s", (_, config) =>
    run(
      Effect.gen(function* () {
        const sampler = yield* samplerOf(config)
        for (const [requests, options] of fc.sample(
          fc.tuple(fc.array(anyRequest(), { minLength: 3, maxLength: 3 }), anyOptions()),
          { seed: 7, numRuns: 8 }
        )) {
          const sampled = yield* sampler.sample(requests, options)
          for (const [i, s] of sampled.entries()) {
            const { logProbs, logits } = yield* scoresOf(config, requests[i]!, s)
            near(s.rawLogProbs, logProbs, 1e-4)
            for (const [j, token] of s.completion.entries()) {
              const before = [...requests[i]!.prompt, ...s.completion.slice(0, j)]
              const probabilities = allowed(logits[j]!, before, options)
              expect(probabilities[token]).toBeGreaterThan(0)
              near([s.logProbs[j]!], [Math.log(probabilities[token]!)], 1e-4)
            }
          }
        }
      })
    ))

  it("law: top-p draws from the whole nucleus, however many tokens it holds", () =>
    run(
      Effect.gen(function* () {
        const sampler = yield* samplerOf(wide, { batchSize: 16 })
        const requests = fc.sample(anyRequest(), { seed: 2, numRuns: 12 })
        const options = { ...plain(6), topP: 0.95 }
        const sampled = yield* sampler.sample(requests, options)
        const sizes = []
        for (const [i, s] of sampled.entries()) {
          const { logits } = yield* scoresOf(wide, requests[i]!, s)
          for (const [j, token] of s.completion.entries()) {
            const probabilities = allowed(logits[j]!, [], options)
            near([s.logProbs[j]!], [Math.log(probabilities[token]!)], 1e-4)
            sizes.push(probabilities.filter((p) => p > 0).length)
          }
        }
        expect(Math.min(...sizes)).toBeLessThan(32)
        expect(Math.max(...sizes)).toBeGreaterThan(32)
      })
    ))

  it("law: greedy takes the most likely token of the full forward pass, whatever the filters", () =>
    run(
      Effect.gen(function* () {
        const sampler = yield* samplerOf(qwen2)
        const requests = fc.sample(anyRequest(), { seed: 3, numRuns: 6 })
        const greedy = { ...plain(10), temperature: 0 }
        const sampled = yield* sampler.sample(requests, greedy)
        expect(yield* sampler.sample(requests, { ...greedy, topK: 2, topP: 0.1, minP: 0.5 })).toEqual(sampled)
        for (const [i, s] of sampled.entries()) {
          const { logits } = yield* scoresOf(qwen2, requests[i]!, s)
          expect(s.completion).toEqual(logits.map((row) => row.indexOf(Math.max(...row))))
          expect(s.logProbs.every((x) => x === 0)).toBe(true)
        }
      })
    ))

  it("law: frequencies match the distribution (chi-square of one step)", () =>
    run(
      Effect.gen(function* () {
        const sampler = yield* samplerOf(qwen2, { batchSize: 64 })
        const prompt = [3, 1, 4]
        const n = 3000
        for (const options of [
          plain(1),
          { ...plain(1), temperature: 2, topK: 8, topP: 0.95, minP: 0.02, repetitionPenalty: 1.3 }
        ]) {
          const requests = Array.from({ length: n }, (_, seed) => ({ prompt, seed }))
          const sampled = yield* sampler.sample(requests, options)
          const { logits } = yield* scoresOf(qwen2, requests[0]!, sampled[0]!)
          const expected = allowed(logits[0]!, prompt, options)
          const counts = expected.map((_, id) => sampled.filter((s) => s.completion[0] === id).length)
          const cells = expected.flatMap((p, id) => (p * n >= 5 ? [[counts[id]!, p * n] as const] : []))
          const statistic = cells.reduce((sum, [seen, mean]) => sum + (seen - mean) ** 2 / mean, 0)
          // Wilson and Hilferty's approximation to the 99.9% quantile of chi-square.
          const k = cells.length - 1
          expect(statistic).toBeLessThan(k * (1 - 2 / (9 * k) + 3.09 * Math.sqrt(2 / (9 * k))) ** 3)
          expect(cells.length).toBeGreaterThan(2)
        }
      })
    ))

  it("law: a stop id ends the completion and belongs to it; else it has maxTokens", () =>
    run(
      Effect.gen(function* () {
        const sampler = yield* samplerOf(qwen2)
        const requests = fc.sample(anyRequest(), { seed: 9, numRuns: 12 })
        const free = yield* sampler.sample(requests, plain(11))
        const stopIds = [1, 4, 10]
        const stopped = yield* sampler.sample(requests, plain(11, stopIds))
        for (const [i, s] of stopped.entries()) {
          const all = free[i]!.completion
          expect(all.length).toBe(11)
          const end = all.findIndex((id) => stopIds.includes(id))
          expect(s.finishReason).toBe(end < 0 ? "length" : "stop")
          expect(s.completion).toEqual(end < 0 ? all : all.slice(0, end + 1))
          expect(s.logProbs.length).toBe(s.completion.length)
          expect(s.rawLogProbs.length).toBe(s.completion.length)
        }
        expect(new Set(stopped.map((s) => s.finishReason)).size).toBe(2)
      })
    ))

  it("edge: the context ends a completion", () =>
    run(
      Effect.gen(function* () {
        const sampler = yield* samplerOf(qwen2, { contextLength: 9 })
        const requests = [1, 5, 8].map((n) => ({ prompt: Array.from({ length: n }, (_, i) => i), seed: n }))
        const sampled = yield* sampler.sample(requests, plain(50))
        expect(sampled.map((s) => s.completion.length)).toEqual([8, 4, 1])
        expect(sampled.every((s) => s.finishReason === "length")).toBe(true)
      })
    ))

  it("edge: ids beyond the vocabulary are never drawn, yet count in the raw log-probs", () =>
    run(
      Effect.gen(function* () {
        const sampler = yield* samplerOf(qwen2, { vocabulary: 4 })
        const request = { prompt: [1, 2, 3], seed: 1 }
        const [s] = yield* sampler.sample([request], plain(30))
        expect(Math.max(...s!.completion)).toBeLessThan(4)
        const { logProbs, logits } = yield* scoresOf(qwen2, request, s!)
        near(s!.rawLogProbs, logProbs, 1e-4)
        const drawn = s!.completion.map((id, j) => Math.log(allowed(logits[j]!.slice(0, 4), [], plain(1))[id]!))
        near(s!.logProbs, drawn, 1e-4)
      })
    ))

  it("edge: no requests, no results", () =>
    run(
      Effect.gen(function* () {
        expect(yield* (yield* samplerOf(qwen2)).sample([], plain(3))).toEqual([])
      })
    ))

  it.each([
    ["an empty prompt", [], "is empty"],
    [
      "a prompt as long as the context",
      Array.from({ length: 40 }, () => 1),
      "40 tokens leave no room in a context of 40"
    ],
    ["an id outside the vocabulary", [1, 13], "token 13 is outside the vocabulary 0..12"],
    ["a negative id", [-1], "token -1"],
    ["an id that is no integer", [1.5], "token 1.5"]
  ])("error: %s is rejected with its index", (_, prompt, message) =>
    run(
      Effect.gen(function* () {
        const sampler = yield* samplerOf(qwen2)
        const refused = yield* Effect.flip(
          sampler.sample(
            [
              { prompt: [1], seed: 0 },
              { prompt, seed: 0 }
            ],
            plain(3)
          )
        )
        expect(refused).toMatchObject({ _tag: "PromptRejected", index: 1 })
        expect(refused.message).toContain(message)
      })
    ))

  it("error: bad options and settings are typed", () =>
    run(
      Effect.gen(function* () {
        const memory = yield* memoryOf(qwen2)
        const sampler = yield* samplerOf(qwen2, { memory })
        const options = { ...plain(3), topP: 0 }
        expect(yield* Effect.flip(sampler.sample([{ prompt: [1], seed: 0 }], options))).toMatchObject({
          _tag: "BadSamplingOptions",
          option: "topP"
        })
        const make = (settings: object) =>
          Effect.flip(Sampling.make({ config: qwen2, memory, contextLength: 40, ...settings }))
        expect(yield* make({ unroll: 0 })).toMatchObject({ _tag: "BadSamplingOptions", option: "unroll" })
        expect(yield* make({ vocabulary: 14 })).toMatchObject({ _tag: "BadSamplingOptions", option: "vocabulary" })
      })
    ))

  it("error: parameters that are not finite fail, and later sequences are untouched", () =>
    run(
      Effect.gen(function* () {
        const memory = yield* memoryOf(qwen2)
        const sampler = yield* samplerOf(qwen2, { memory })
        const requests = fc.sample(anyRequest(), { seed: 21, numRuns: 5 })
        const before = yield* sampler.sample(requests, plain(9))
        const name = "param/model.norm.weight"
        const held = yield* memory.read([name])
        const broken = held[name]!
        if (broken.dtype !== "f32") throw new Error("weights are floats")
        yield* memory.write({ [name]: { ...broken, data: new Float32Array(broken.data.length).fill(Number.NaN) } })
        expect(yield* Effect.flip(sampler.sample(requests, plain(9)))).toMatchObject({ _tag: "NonFinite" })
        yield* memory.write(held)
        expect(yield* sampler.sample(requests, plain(9))).toEqual(before)
      })
    ))

  it("law: new parameters count at once, unless frozen", () =>
    run(
      Effect.gen(function* () {
        const memory = yield* memoryOf(qwen2)
        const live = yield* samplerOf(qwen2, { memory })
        const frozen = yield* samplerOf(qwen2, { memory, frozen: true })
        const requests = fc.sample(anyRequest(), { seed: 4, numRuns: 5 })
        const first = yield* live.sample(requests, plain(8))
        expect(tokens(yield* frozen.sample(requests, plain(8)))).toEqual(tokens(first))
        yield* memory.write(
          yield* (yield* memoryOf(qwen2, 6)).read(
            yield* memory.names.pipe(Effect.map((names) => names.filter((n) => n.startsWith("param/"))))
          )
        )
        expect(tokens(yield* live.sample(requests, plain(8)))).not.toEqual(tokens(first))
        expect(tokens(yield* frozen.sample(requests, plain(8)))).toEqual(tokens(first))
      })
    ))

  it("law: calls at once, samplers of one memory and evicted programs change nothing", () =>
    run(
      Effect.gen(function* () {
        const memory = yield* memoryOf(qwen2)
        const one = yield* samplerOf(qwen2, { memory })
        const other = yield* samplerOf(qwen2, { memory, programs: 1, unroll: 5 })
        const requests = fc.sample(anyRequest(), { seed: 5, numRuns: 6 })
        const expected = tokens(yield* one.sample(requests, plain(10)))
        const both = (sampler: typeof one) => [
          Effect.map(sampler.sample(requests, plain(10)), tokens),
          Effect.map(sampler.sample(requests.toReversed(), plain(10)), (s) => tokens(s).toReversed())
        ]
        const found = yield* Effect.all([...both(one), ...both(other)], { concurrency: "unbounded" })
        for (const sampled of found) expect(sampled).toEqual(expected)
      })
    ))

  it("edge: the caches leave the memory with the sampler", () =>
    run(
      Effect.gen(function* () {
        const memory = yield* memoryOf(qwen2)
        const before = yield* memory.names
        yield* Effect.scoped(
          Effect.flatMap(samplerOf(qwen2, { memory }), (s) => s.sample([{ prompt: [1], seed: 0 }], plain(5)))
        )
        expect(yield* memory.names).toEqual(before)
      })
    ))
})

describe("seeds", () => {
  it("law: equal seeds give equal tokens on every backend", async () => {
    const requests = fc.sample(anyRequest(), { seed: 8, numRuns: 10 })
    const options = fc.sample(anyOptions(), { seed: 8, numRuns: 4 })
    const drawn = []
    for (const [, layer] of backends) {
      const { run, dispose } = runner(layer)
      drawn.push(
        await run(
          Effect.flatMap(samplerOf(qwen2), (s) =>
            Effect.forEach(options, (o) => Effect.map(s.sample(requests, o), tokens))
          )
        )
      )
      await dispose()
    }
    for (const found of drawn) expect(found).toEqual(drawn[0])
  })
})
