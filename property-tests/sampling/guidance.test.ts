import { Effect, type Scope } from "effect"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import {
  guideChunks,
  guideTopK,
  nextLogits,
  type PrefixScores,
  plain,
  Sampling
} from "../../src/core/sampling/index.ts"
import type { Backend, Sampled, Sampler } from "../../src/core/service/index.ts"
import { anyRequests, memoryOf, qwen2, runner } from "./subject.ts"

const { run, dispose } = runner(Reference.layer)
afterAll(dispose)

const V = 4
/** Logits that depend on the last token alone; 3 ends a completion. */
const table: ReadonlyArray<ReadonlyArray<number>> = [
  [0, 2, 3, 1],
  [1, 0, 2.5, 3],
  [3, 1, 0, 2],
  [0, 0, 0, 0]
]
const byHand = (texts: ReadonlyArray<ReadonlyArray<number>>) =>
  Effect.succeed(texts.map((text) => Float32Array.from(table[text.at(-1)!]!)))

const guided = (alpha: number, k: number, scores: PrefixScores<never>, maxTokens = 3) =>
  run(
    Effect.gen(function* () {
      const sample = yield* guideTopK({ logits: byHand, scores, alpha, k, vocabulary: V, contextLength: 20 })
      return yield* sample([{ prompt: [0], seed: 1 }], { ...plain(maxTokens, [3]), temperature: 0 })
    })
  )

describe("guideTopK", () => {
  const likes1: PrefixScores<never> = (prefixes) =>
    Effect.succeed(prefixes.map(({ completion }) => (completion.at(-1) === 1 ? 2 : 0)))

  // After 0 the likeliest are 2 (3) and 1 (2): 1 becomes 4. After 1 they are 3 (3) and 2 (2.5): nothing changes, and 3 ends.
  it("golden: the k likeliest are raised by alpha · score, worked out by hand", async () => {
    expect(await guided(1, 2, likes1)).toMatchObject([{ completion: [1, 3], finishReason: "stop" }])
  })

  it("golden: a token that is not among the k likeliest stays as it is", async () => {
    expect((await guided(9, 1, likes1))[0]!.completion).toEqual([2, 0, 2])
  })

  it("golden: log-probabilities are the policy's, log softmax of the logits by hand", async () => {
    const [one] = await guided(1, 2, likes1, 1)
    const log = 2 - Math.log(Math.exp(0) + Math.exp(2) + Math.exp(3) + Math.exp(1))
    expect(one!.rawLogProbs[0]).toBeCloseTo(log, 6)
  })

  it("edge: a score that is not finite is no opinion", async () => {
    const blind: PrefixScores<never> = (prefixes) => Effect.succeed(prefixes.map(() => Number.NaN))
    expect((await guided(1, 2, blind))[0]!.completion).toEqual([2, 0, 2])
  })

  it("defect 31: a sequence that has ended is not read again, and does not grow", async () => {
    const read: Array<number> = []
    const counting: PrefixScores<never> = (prefixes) => {
      read.push(prefixes.length)
      return likes1(prefixes)
    }
    const two = await run(
      Effect.gen(function* () {
        const sample = yield* guideTopK({
          logits: byHand,
          scores: counting,
          alpha: 1,
          k: 2,
          vocabulary: V,
          contextLength: 20
        })
        const requests = [0, 2].map((token) => ({ prompt: [token], seed: 1 }))
        return yield* sample(requests, { ...plain(4, [3]), temperature: 0 })
      })
    )
    // 0 -> 1 -> 3; 2 -> 0 -> 1 -> 3.
    expect(two.map(({ completion }) => completion)).toEqual([
      [1, 3],
      [0, 1, 3]
    ])
    expect(read).toEqual([4, 4, 2])
  })

  it("law: with alpha 0 it draws what the plain sampler draws", () =>
    fc.assert(
      fc.asyncProperty(anyRequests(), fc.constantFrom(1, 0.7), fc.constantFrom(1, 0.8), (requests, temperature, topP) =>
        run(
          Effect.gen(function* () {
            const memory = yield* memoryOf(qwen2)
            const options = { ...plain(5, [2, 9]), temperature, topP }
            const sampler = yield* Sampling.make({ config: qwen2, memory, contextLength: 40, batchSize: 4 })
            const logits = yield* nextLogits({ config: qwen2, memory, rows: 4 })
            const scores: PrefixScores<never> = (prefixes) => Effect.succeed(prefixes.map(() => 100))
            const sample = yield* guideTopK({ logits, scores, alpha: 0, k: 5, vocabulary: 13, contextLength: 40 })
            const [plainly, guidedly] = [yield* sampler.sample(requests, options), yield* sample(requests, options)]
            expect(guidedly.map(({ completion }) => completion)).toEqual(plainly.map(({ completion }) => completion))
            for (const [i, { rawLogProbs, finishReason }] of guidedly.entries()) {
              expect(finishReason).toBe(plainly[i]!.finishReason)
              for (const [t, x] of rawLogProbs.entries()) expect(x).toBeCloseTo(plainly[i]!.rawLogProbs[t]!, 4)
            }
          }) satisfies Effect.Effect<void, unknown, Backend | Scope.Scope>
        )
      ),
      { seed: 42, numRuns: 5 }
    ))
})

describe("guideChunks", () => {
  /** Each call continues with the next of these. */
  const sampler = (drawn: ReadonlyArray<ReadonlyArray<number>>) => {
    const calls: Array<ReadonlyArray<number>> = []
    let next = 0
    const sample: Sampler["Service"]["sample"] = (requests, { stopIds, maxTokens }) =>
      Effect.sync(() =>
        requests.map(({ prompt }): Sampled => {
          calls.push(prompt)
          const completion = drawn[next++]!
          const stopped = stopIds.includes(completion.at(-1)!)
          expect(completion.length).toBeLessThanOrEqual(maxTokens)
          const logProbs = completion.map((id) => -id)
          return { completion, logProbs, rawLogProbs: logProbs, finishReason: stopped ? "stop" : "length" }
        })
      )
    return { sample, calls }
  }
  const sums: PrefixScores<never> = (prefixes) =>
    Effect.succeed(prefixes.map(({ completion }) => completion.reduce((a, b) => a + b, 0)))

  it("golden: the best of two continuations is kept, and gone on from", async () => {
    const { sample, calls } = sampler([
      [1, 1],
      [1, 2],
      [2, 2],
      [1, 0]
    ])
    const guide = guideChunks({ sample, scores: sums, candidates: 2, stepSize: 2 })
    const [one] = await Effect.runPromise(guide([{ prompt: [7], seed: 1 }], plain(4)))
    expect(one).toEqual({
      completion: [1, 2, 2, 2],
      logProbs: [-1, -2, -2, -2],
      rawLogProbs: [-1, -2, -2, -2],
      finishReason: "length"
    })
    expect(calls).toEqual([[7], [7], [7, 1, 2], [7, 1, 2]])
  })

  it("defect 31: a finished sequence is not asked for again while another goes on", async () => {
    const { sample, calls } = sampler([[5, 3], [0, 3], [1, 1], [1, 0], [2, 3], [3]])
    const guide = guideChunks({ sample, scores: sums, candidates: 2, stepSize: 2 })
    const requests = [
      { prompt: [7], seed: 1 },
      { prompt: [8], seed: 1 }
    ]
    const found = await Effect.runPromise(guide(requests, plain(6, [3])))
    expect(found.map(({ completion }) => completion)).toEqual([
      [5, 3],
      [1, 1, 2, 3]
    ])
    expect(calls.slice(4)).toEqual([
      [8, 1, 1],
      [8, 1, 1]
    ])
  })

  it("defect 1: a score that is no number is chosen last", async () => {
    const { sample } = sampler([[1], [2], [3]])
    const scores: PrefixScores<never> = () => Effect.succeed([Number.NaN, -5, Number.NaN])
    const guide = guideChunks({ sample, scores, candidates: 3, stepSize: 1 })
    const [one] = await Effect.runPromise(guide([{ prompt: [7], seed: 1 }], plain(1)))
    expect(one!.completion).toEqual([2])
  })
})
