import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import {
  areaUnderRiskCoverage,
  calibrate,
  isotonic,
  platt,
  Resamplings,
  riskCoverageCurve,
  Selectors,
  successAtK,
  successAtKOfPrompt,
  weightedPassAtK,
  weightedPassAtKOfPrompt
} from "../src/core/evaluation/index.ts"

interface Pools {
  readonly correct: ReadonlyArray<ReadonlyArray<boolean>>
  readonly scores: ReadonlyArray<ReadonlyArray<number>>
}
const golden: {
  readonly heldOut: Pools
  readonly test: Pools
  readonly grid: ReadonlyArray<number>
  readonly platt: ReadonlyArray<number>
  readonly isotonic: ReadonlyArray<number>
  readonly riskCoverage: {
    readonly scores: ReadonlyArray<number>
    readonly wrong: ReadonlyArray<boolean>
    area: number
  }
} = JSON.parse(readFileSync(new URL("fixtures/metrics.json", import.meta.url), "utf8"))

const poolsOf = ({ correct, scores }: Pools) => correct.map((c, b) => ({ correct: c, scores: scores[b]! }))
const bits = (text: string) => [...text].map((c) => c === "1")
const { standard } = Resamplings

describe("reward-weighted pass@k", () => {
  it("golden: k = 1 is the softmax mass on correct completions", () => {
    expect(weightedPassAtKOfPrompt({ correct: bits("100"), scores: [Math.log(2), 0, 0] }, 1)).toBeCloseTo(1 / 2, 14)
    // τ = 2 makes the weights √2, 1, 1.
    const share = Math.SQRT2 / (Math.SQRT2 + 2)
    expect(weightedPassAtKOfPrompt({ correct: bits("100"), scores: [Math.log(2), 0, 0] }, 1, 2)).toBeCloseTo(share, 14)
  })

  it("defect 13: with M = 14.5 of N = 16 it is 1 from k = 3 on, and does not fall again", () => {
    // 14.5/16 of the mass on one correct completion, the rest spread over 15 wrong ones.
    const scores = [Math.log(14.5), ...new Array<number>(15).fill(Math.log(1.5 / 15))]
    const pool = { correct: scores.map((_, i) => i === 0), scores }
    const values = [1, 2, 3, 4, 5, 16].map((k) => weightedPassAtKOfPrompt(pool, k))
    expect(values[0]).toBeCloseTo(14.5 / 16, 12)
    expect(values[1]).toBeCloseTo(1 - (1.5 / 16) * (0.5 / 15), 12)
    expect(values.slice(2)).toEqual([1, 1, 1, 1])
  })

  it("edge: what has no finite score weighs nothing; nobody finite, all alike; all correct gives 1", () => {
    const pool = (correct: string, scores: ReadonlyArray<number>) => ({ correct: bits(correct), scores })
    expect(weightedPassAtKOfPrompt(pool("10", [Number.NaN, -5]), 1)).toBe(0)
    expect(weightedPassAtKOfPrompt(pool("10", [Number.NaN, Number.POSITIVE_INFINITY]), 1)).toBe(0.5)
    expect(weightedPassAtKOfPrompt(pool("11", [3, 9]), 2)).toBe(1)
    expect(weightedPassAtKOfPrompt(pool("00", [3, 9]), 2)).toBe(0)
    expect(weightedPassAtKOfPrompt(pool("10", [1, 2]), 3)).toBeUndefined()
    expect(weightedPassAtKOfPrompt(pool("10", [1, 2]), 0)).toBeUndefined()
    expect(() => weightedPassAtKOfPrompt(pool("10", [1]), 1)).toThrow("1 scores for 2")
  })

  it("golden: the mean over prompts, of those that have k completions", () => {
    const pools = ["100", "10"].map((correct) => ({ correct: bits(correct), scores: [...correct].map(Number) }))
    const e = Math.E
    expect(weightedPassAtK(pools, 1, standard)).toMatchObject({
      value: expect.closeTo((e / (e + 2) + e / (e + 1)) / 2, 14),
      n: 2
    })
    expect(weightedPassAtK(pools, 3, standard)).toMatchObject({ value: 1, n: 1 })
    expect(weightedPassAtK(pools, 4, standard)).toMatchObject({ reason: "no prompt has 4 completions" })
  })
})

describe("success@k|n", () => {
  const pool = { correct: bits("0100"), scores: [3, 2, 2, 1] }

  it("golden: by hand: the best two of four hold the correct one half of the time, as it ties for the second place", () => {
    expect([1, 2, 3, 4].map((k) => successAtKOfPrompt(pool, k))).toEqual([0, 0.5, 1, 1])
  })

  it("golden: over the six pairs of four, the best is the correct one in the pairs 12 (half) and 13", () => {
    expect(successAtKOfPrompt(pool, 1, 2)).toBeCloseTo(1.5 / 6, 14)
  })

  it("defect 11: k > n has no value, and is not 0", () => {
    expect(successAtKOfPrompt(pool, 3, 2)).toBeUndefined()
    expect(successAtKOfPrompt(pool, 0, 2)).toBeUndefined()
    expect(successAtKOfPrompt(pool, 1, 5)).toBeUndefined()
    expect(() => successAtKOfPrompt({ ...pool, scores: [1] }, 9)).toThrow("1 scores for 4 completions")
    expect(successAtK([pool], 5, 2, standard)).toEqual({
      _tag: "NotAvailable",
      reason: "the best 5 of 2 completions are all of them"
    })
    for (const k of [1, 5])
      expect(successAtK([pool], k, 5, standard)).toMatchObject({ reason: "no prompt has 5 completions" })
    const short = { correct: bits("1"), scores: [0] }
    expect(successAtK([pool, pool, short], 2, 4, standard)).toEqual({
      _tag: "Estimate",
      value: 0.5,
      ci95: [0.5, 0.5],
      n: 2
    })
  })

  it("defect 1: a completion without a score is picked last", () => {
    expect(successAtKOfPrompt({ correct: bits("10"), scores: [Number.NaN, 0] }, 1)).toBe(0)
  })

  it("defect 2: constant scores pick each completion alike: m/N at k = 1", () => {
    expect(successAtKOfPrompt({ correct: bits("0001"), scores: [7, 7, 7, 7] }, 1)).toBe(0.25)
  })
})

describe("selectors of the answer", () => {
  it("golden: power2 of 1 2 3 4 and of values below 0", () => {
    expect(Selectors.power2.select([1, 2, 3, 4])).toBeCloseTo(Math.sqrt(7.5), 7)
    expect(Selectors.power2.select([-1, 1])).toBeCloseTo(Math.sqrt(2) - 1, 7)
  })

  it("golden: the answer's tokens weigh twice", () => {
    expect(Selectors.answerBoost(2, { start: 1, end: 2 }).select([1, 4, 1])).toBe((1 + 8 + 1) / 4)
    expect(Selectors.answerBoost(2, { start: 1, end: 2 }).select([Number.NaN, 4, 1])).toBe((8 + 1) / 3)
  })

  it("defect 18: without an answer the last fifth weighs twice, not all but the last four tokens", () => {
    expect(Selectors.answerBoost(2, undefined).select([0, 0, 0, 0, 6])).toBe(12 / 6)
  })

  it("golden: selectors go by their names", () => {
    expect(Selectors.named("discounted")?.name).toBe("discounted(0.95)")
    expect(Selectors.named("min")).toBe(Selectors.min)
    expect(Selectors.named("best")).toBeUndefined()
    expect([Selectors.discounted(0.5), Selectors.answerBoost(2, undefined)].map(({ name }) => name)).toEqual([
      "discounted(0.5)",
      "answerBoost(2)"
    ])
  })
})

describe("calibration on held-out prompts", () => {
  const fittedBy = (method: typeof platt) =>
    golden.grid.map((s) => method(golden.heldOut.scores.flat(), golden.heldOut.correct.flat())(s))

  it("golden: Platt scaling as in scikit-learn", () => {
    for (const [i, p] of fittedBy(platt).entries()) expect(p).toBeCloseTo(golden.platt[i]!, 5)
  })

  it("golden: isotonic regression as in scikit-learn", () => {
    for (const [i, p] of fittedBy(isotonic).entries()) expect(p).toBeCloseTo(golden.isotonic[i]!, 10)
  })

  it("golden: isotonic regression by hand: level where scores and correctness disagree, straight between, flat beyond", () => {
    const p = isotonic([0, 1, 2, 2, 4, Number.NaN], bits("010110"))
    // 1 and 2, 2 hold one of three wrong ones more than 0 and fewer than 4: 0, 2/3, 2/3, 1.
    const at = [-1, 0, 0.5, 1, 1.5, 2, 3, 4, 9].map(p)
    expect(at).toEqual([0, 0, 1 / 3, 2 / 3, 2 / 3, 2 / 3, 5 / 6, 1, 1].map((v) => expect.closeTo(v, 14)))
    expect(p(Number.NaN)).toBeNaN()
  })

  it("defect 15: probabilities come from other prompts' completions, and a score that is none has no probability", () => {
    const made = calibrate(platt, poolsOf(golden.heldOut), [{ correct: bits("10"), scores: [2, Number.NaN] }])
    expect(made).toEqual([
      { correct: [true], probabilities: [expect.closeTo(golden.platt[golden.grid.indexOf(2)]!, 5)] }
    ])
  })

  it("edge: separable scores have a finite fit; nothing to fit gives one half, or nothing", () => {
    expect(platt([1, 2, 3, 4], bits("0011"))(4)).toBeLessThan(1)
    expect(platt([], [])(3)).toBe(0.5)
    // Their sum is no number: neither is the fit, which ends all the same.
    expect(platt([1e308, 1e308, 0], bits("110"))(1)).toBeNaN()
    expect(isotonic([], [])(3)).toBeNaN()
  })
})

describe("risk and coverage", () => {
  it("golden: the area as NumPy's mean of running error rates", () => {
    const { scores, wrong, area } = golden.riskCoverage
    const pool = { correct: wrong.map((w) => !w), scores }
    expect(areaUnderRiskCoverage([pool], standard)).toHaveProperty("value", expect.closeTo(area, 12))
  })

  it("golden: a score that says nothing has the error rate at every coverage", () => {
    const pool = { correct: bits("1000"), scores: [5, 5, 5, 5] }
    expect(areaUnderRiskCoverage([pool, pool], standard)).toMatchObject({ value: 0.75, ci95: [0.75, 0.75] })
    expect(areaUnderRiskCoverage([pool], standard)).toMatchObject({ value: 0.75, ci95: [0, 1], n: 1 })
    expect(riskCoverageCurve([pool])).toEqual([{ coverage: 1, risk: 0.75, score: 5 }])
  })

  it("golden: a point a distinct score, those without one last", () => {
    expect(riskCoverageCurve([{ correct: bits("1100"), scores: [3, Number.NaN, 1, 3] }])).toEqual([
      { coverage: 0.5, risk: 0.5, score: 3 },
      { coverage: 0.75, risk: 2 / 3, score: 1 },
      { coverage: 1, risk: 0.5, score: Number.NaN }
    ])
    const rising = [1, 2, 3].map((score) => ({ correct: [score === 3], scores: [score] }))
    expect(riskCoverageCurve(rising).map(({ score }) => score)).toEqual([3, 2, 1])
    expect(areaUnderRiskCoverage([], standard)).toMatchObject({ reason: "no completions" })
  })
})
