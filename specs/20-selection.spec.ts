import { describe, expect, it } from "vitest"
import {
  bestOfN,
  bestOfNOfPrompt,
  bestOfNPerPrompt,
  majorityOfPrompt,
  passAtK,
  passAtKOfPrompt,
  Ranking,
  Rerankers,
  Resamplings,
  randomPickPerPrompt,
  Selectors,
  weightedMajorityOfPrompt
} from "../src/core/evaluation/index.ts"

const bits = (text: string) => [...text].map((c) => c === "1")

describe("pass@k", () => {
  it.each([
    [4, 1, 1, 1 / 4],
    [4, 1, 2, 1 / 2],
    [5, 2, 3, 9 / 10],
    [4, 0, 3, 0]
  ])("golden: N=%d m=%d k=%d gives %d", (N, m, k, expected) => {
    expect(passAtKOfPrompt(N, m, k)).toBeCloseTo(expected, 14)
  })

  it("edge: k > N leaves the prompt out and says how many are left", () => {
    expect(passAtKOfPrompt(3, 1, 4)).toBeUndefined()
    expect(passAtKOfPrompt(3, 1, 0)).toBeUndefined()
    const measured = passAtK([bits("100"), bits("1100")], 4, Resamplings.standard)
    expect(measured).toEqual({ _tag: "Estimate", value: 1, ci95: [0, 1], n: 1 })
    expect(passAtK([bits("100")], 4, Resamplings.standard)).toEqual({
      _tag: "NotAvailable",
      reason: "no prompt has 4 completions"
    })
  })
})

describe("best-of-n", () => {
  it.each([
    ["100", [3, 2, 1], 2, 2 / 3],
    ["010", [3, 2, 1], 2, 1 / 3],
    ["1001", [5, 5, 1, 0], 2, 5 / 12],
    ["10", [Number.NaN, 0], 2, 0],
    ["10", [Number.POSITIVE_INFINITY, 0], 2, 0]
  ])("golden: correct %s, scores %j, n=%d gives %d", (correct, scores, n, expected) => {
    expect(bestOfNOfPrompt({ correct: bits(correct), scores }, n)).toBeCloseTo(expected, 14)
  })

  it("error: names both lengths when a score is missing", () => {
    for (const n of [1, 3])
      expect(() => bestOfNOfPrompt({ correct: [true, false], scores: [1] }, n)).toThrow("1 scores for 2 completions")
  })
})

describe("votes", () => {
  const pool = { correct: bits("1100"), answers: ["a", "a", "b", undefined] }

  it.each([
    [1, 1 / 2],
    [2, 2 / 3],
    [4, 1]
  ])("golden: majority of %d from `a a b -` is %d", (n, expected) => {
    expect(majorityOfPrompt(pool, n)).toBeCloseTo(expected, 14)
  })

  it("golden: one heavy vote beats two light ones", () => {
    const scores = [0, 0, Math.log(3), 9]
    expect(weightedMajorityOfPrompt({ ...pool, scores }, 4)).toBe(0)
    expect(weightedMajorityOfPrompt({ ...pool, scores: [0, 0, Math.log(2), 9] }, 4)).toBe(1 / 2)
    expect(weightedMajorityOfPrompt({ ...pool, scores: [0, 0, Math.log(1.9), 9] }, 4)).toBe(1)
  })

  it("edge: weights are relative to the best score that votes, however large the scores", () => {
    const scores = [801, 800, 800, 1e5]
    expect(weightedMajorityOfPrompt({ ...pool, scores }, 4)).toBe(1)
    const split = { correct: bits("1000"), answers: ["a", "b", undefined, "b"] }
    expect(weightedMajorityOfPrompt({ ...split, scores: [802, 800, 1e5, 800] }, 4)).toBe(1)
    expect(weightedMajorityOfPrompt({ ...split, scores: [-802, -800, 1e5, -800] }, 4)).toBe(0)
    expect(weightedMajorityOfPrompt({ ...split, scores: [1, Number.POSITIVE_INFINITY, 0, Number.NaN] }, 4)).toBe(1)
  })

  it("edge: a pool too large to enumerate gives no value, never a substitute", () => {
    const N = 32
    const large = { correct: new Array(N).fill(true), answers: new Array(N).fill("a"), scores: new Array(N).fill(0) }
    expect(weightedMajorityOfPrompt(large, 16)).toBeUndefined()
    expect(weightedMajorityOfPrompt(large, 32)).toBe(1)
  })
})

describe("rerankers", () => {
  it("edge: a missing score is not available, and says so", () => {
    const rows = Rerankers.curve(
      [{ correct: bits("10"), answers: ["a", "b"], scores: { reward: [1, 0] } }],
      Rerankers.standard,
      [2],
      Resamplings.standard
    )
    const of = (name: string) => rows.find((row) => row.reranker === name)?.accuracy
    expect(of("reward")).toMatchObject({ value: 1 })
    expect(of("random")).toMatchObject({ value: 0.5 })
    expect(of("logProb")).toEqual({
      _tag: "NotAvailable",
      reason: "no prompt has 2 completions to rank by logProb"
    })
  })

  it("edge: scores that carry no order are counted", () => {
    const pool = { correct: bits("10"), answers: ["a", "b"], scores: { reward: [Number.NaN, 0] } }
    const [row] = Rerankers.curve([pool, pool], [Rerankers.byScore("reward")], [2], Resamplings.standard)
    expect(row).toMatchObject({ nonFinite: 2, accuracy: { value: 0 }, gain: { value: -0.5, ci95: [-0.5, -0.5] } })
  })
})

describe("rerankers, one by one", () => {
  const pool = {
    correct: bits("100"),
    answers: ["a", "b", "b"],
    scores: { reward: [3, 1, Number.NaN] }
  }

  it("golden: the random pick is the pool's share at any n that it has, the oracle pass@n", () => {
    expect([0, 1, 3, 4].map((n) => Rerankers.random.accuracy(pool, n))).toEqual([undefined, 1 / 3, 1 / 3, undefined])
    expect(Rerankers.oracle.accuracy(pool, 2)).toBeCloseTo(2 / 3, 14)
    expect(Rerankers.oracle.accuracy(pool, 0)).toBeUndefined()
    expect([Rerankers.random, Rerankers.oracle, Rerankers.majority].map((r) => r.nonFinite(pool))).toEqual([0, 0, 0])
  })

  it("golden: by score and by weighted vote, with what has no score counted, or nothing to rank by", () => {
    for (const one of [Rerankers.byScore("reward"), Rerankers.weightedMajority("reward")]) {
      expect(one.accuracy(pool, 3)).toBe(1)
      expect(one.nonFinite(pool)).toBe(1)
    }
    for (const none of [Rerankers.byScore("logProb"), Rerankers.weightedMajority("logProb")]) {
      expect(none.accuracy(pool, 3)).toBeUndefined()
      expect(none.nonFinite(pool)).toBe(0)
    }
    expect(Rerankers.majority.accuracy(pool, 3)).toBe(0)
  })

  it("golden: the standard six, by name", () => {
    expect(Rerankers.standard.map(({ name }) => name)).toEqual([
      "reward",
      "random",
      "logProb",
      "majority",
      "weightedMajority",
      "oracle"
    ])
    expect(Rerankers.weightedMajority("logProb").nonFinite({ ...pool, scores: { logProb: [1, Number.NaN, 1] } })).toBe(
      1
    )
  })

  it("golden: best-of-n and the random pick of each prompt", () => {
    const pools = [pool, { correct: bits("1") }].map(({ correct }) => ({ correct, scores: correct.map(Number) }))
    expect(bestOfNPerPrompt(pools, 2)).toEqual([expect.closeTo(2 / 3, 14), undefined])
    expect(bestOfN(pools, 2, Resamplings.standard)).toMatchObject({ value: expect.closeTo(2 / 3, 14), n: 1 })
    expect(bestOfN(pools, 9, Resamplings.standard)).toMatchObject({ reason: "no prompt has 9 completions" })
    expect(randomPickPerPrompt([bits("100"), [], bits("1")])).toEqual([1 / 3, undefined, 1])
  })

  it("golden: candidates of one score keep their order, those without come last", () => {
    expect(Ranking.blocks([1, Number.NaN, 2, 1, Number.POSITIVE_INFINITY, 2])).toEqual([
      [2, 5],
      [0, 3],
      [1, 4]
    ])
  })

  it("error: lists of different lengths name both", () => {
    const short = { correct: bits("10"), answers: ["a"], scores: [1, 2] }
    expect(() => majorityOfPrompt(short, 1)).toThrow("1 answers for 2 completions")
    expect(() => weightedMajorityOfPrompt(short, 1)).toThrow("1 answers and 2 scores for 2 completions")
    expect(() => weightedMajorityOfPrompt({ ...short, answers: ["a", "b"], scores: [1] }, 1)).toThrow("2 answers and 1")
  })

  it("edge: a majority whose counts exceed a double has no value, and is not NaN", () => {
    const of = (N: number) => ({ correct: new Array<boolean>(N).fill(true), answers: new Array<string>(N).fill("a") })
    expect(majorityOfPrompt(of(1000), 999)).toBeCloseTo(1, 9)
    expect(majorityOfPrompt(of(1100), 1099)).toBeUndefined()
  })

  it("edge: n outside 1..N gives no value", () => {
    for (const n of [0, 4]) {
      expect(majorityOfPrompt(pool, n)).toBeUndefined()
      expect(weightedMajorityOfPrompt({ ...pool, scores: [1, 2, 3] }, n)).toBeUndefined()
      expect(bestOfNOfPrompt({ ...pool, scores: [1, 2, 3] }, n)).toBeUndefined()
    }
  })
})

describe("selectors", () => {
  const weights = [2, 4, 6, 8].map(Math.exp)
  it.each([
    [Selectors.mean, 2.5],
    [Selectors.sum, 10],
    [Selectors.min, 1],
    [Selectors.last, 4],
    [Selectors.discounted(0.5), 49 / 15],
    [Selectors.tail3, 3],
    [Selectors.top3, 3],
    [Selectors.softmax2, weights.reduce((s, w, i) => s + w * (i + 1), 0) / weights.reduce((a, b) => a + b)],
    [Selectors.trimmed10, 2.5]
  ])("golden: $name of 1 2 3 4", (selector, expected) => {
    expect(selector.select([1, 2, 3, 4])).toBeCloseTo(expected, 12)
  })

  it("golden: softmax2 as printed in the note; trimmed10 drops one at each end of ten", () => {
    expect(Selectors.softmax2.select([1, 2, 3, 4])).toBeCloseTo(3.844825, 6)
    // exp(2·500) overflows; weights are taken relative to the largest.
    expect(Selectors.softmax2.select([500, 0])).toBe(500)
    expect(Selectors.softmax2.select([-500, -500])).toBe(-500)
    expect([Selectors.tail3, Selectors.top3].map((s) => s.select([9, 1, 2, 6]))).toEqual([3, 17 / 3])
    expect(Selectors.trimmed10.select([1, 100, 2, 3, 4, -100, 5, 6, 7, 8])).toBe(4.5)
  })

  it("edge: missing rewards are left out without shifting the discount; none at all scores NaN", () => {
    expect(Selectors.mean.select([1, Number.NaN, 3])).toBe(2)
    expect(Selectors.discounted(0.5).select([8, Number.NaN, 4])).toBeCloseTo((8 / 4 + 4) / (1 / 4 + 1), 14)
    for (const selector of Selectors.all) expect(selector.select([Number.NaN])).toBeNaN()
    for (const selector of Selectors.all) expect(selector.select([])).toBeNaN()
  })
})
