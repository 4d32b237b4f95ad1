import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import {
  areaUnderRiskCoverage,
  calibrate,
  contrastOfPrompt,
  correlationP,
  incompleteBeta,
  isotonic,
  pearson,
  pearsonMatrix,
  platt,
  promptContrast,
  Resamplings,
  riskCoverageCurve,
  Selectors,
  spearman,
  successAtK,
  successAtKOfPrompt,
  weightedPassAtKOfPrompt,
  welch
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
  readonly welch: { readonly t: number; readonly degrees: number; readonly p: number }
  readonly spearman: { readonly u: ReadonlyArray<number>; readonly v: ReadonlyArray<number>; rho: number; p: number }
  readonly riskCoverage: {
    readonly scores: ReadonlyArray<number>
    readonly wrong: ReadonlyArray<boolean>
    area: number
  }
  readonly pearson: {
    readonly columns: ReadonlyArray<ReadonlyArray<number>>
    matrix: ReadonlyArray<ReadonlyArray<number>>
  }
  readonly betainc: ReadonlyArray<readonly [number, number, number, number]>
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
    expect(() => weightedPassAtKOfPrompt(pool("10", [1]), 1)).toThrow("1 scores for 2")
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
    expect(successAtK([pool], 5, 2, standard)).toEqual({
      _tag: "NotAvailable",
      reason: "the best 5 of 2 completions are all of them"
    })
    expect(successAtK([pool], 1, 5, standard)).toMatchObject({ reason: "no prompt has 5 completions" })
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
  })

  it("defect 18: without an answer the last fifth weighs twice, not all but the last four tokens", () => {
    expect(Selectors.answerBoost(2, undefined).select([0, 0, 0, 0, 6])).toBe(12 / 6)
  })

  it("golden: selectors go by their names", () => {
    expect(Selectors.named("discounted")?.name).toBe("discounted(0.95)")
    expect(Selectors.named("min")).toBe(Selectors.min)
    expect(Selectors.named("best")).toBeUndefined()
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

  it("defect 15: probabilities come from other prompts' completions, and a score that is none has no probability", () => {
    const made = calibrate(platt, poolsOf(golden.heldOut), [{ correct: bits("10"), scores: [2, Number.NaN] }])
    expect(made).toEqual([
      { correct: [true], probabilities: [expect.closeTo(golden.platt[golden.grid.indexOf(2)]!, 5)] }
    ])
  })

  it("edge: separable scores have a finite fit; nothing to fit gives one half, or nothing", () => {
    expect(platt([1, 2, 3, 4], bits("0011"))(4)).toBeLessThan(1)
    expect(platt([], [])(3)).toBe(0.5)
    expect(isotonic([], [])(3)).toBeNaN()
  })
})

describe("contrasts", () => {
  const pools = poolsOf(golden.test)
  const of = (right: boolean) => pools.flatMap((p) => p.scores.filter((_, i) => p.correct[i] === right))

  it("golden: Welch's test as in SciPy", () => {
    const found = welch(of(true), of(false))!
    expect(found.t).toBeCloseTo(golden.welch.t, 10)
    expect(found.degrees).toBeCloseTo(golden.welch.degrees, 8)
    expect(found.p / golden.welch.p).toBeCloseTo(1, 8)
    expect(welch([1], [1, 2])).toBeUndefined()
    expect(welch([1, 1], [2, 2])).toBeUndefined()
  })

  it("defect 19: prompts are the units: a prompt said sixteen times over says no more than once", () => {
    const once = [
      { correct: bits("10"), scores: [3, 1] },
      { correct: bits("10"), scores: [0, 1] }
    ]
    const often = once.map(({ correct, scores }) => ({
      correct: new Array(16).fill(correct).flat(),
      scores: new Array(16).fill(scores).flat()
    }))
    expect(promptContrast(often, standard)).toEqual(promptContrast(once, standard))
    expect(promptContrast(once, standard)).toEqual({ _tag: "Estimate", value: 0.5, ci95: [-1, 2], n: 2 })
    const sides = (right: boolean, from: typeof once) =>
      from.flatMap((p) => p.scores.filter((_, i) => p.correct[i] === right))
    // Welch's p falls with the copies, which is why it is not to be believed.
    expect(welch(sides(true, often), sides(false, often))!.p).toBeLessThan(
      welch(sides(true, once), sides(false, once))!.p
    )
  })

  it("edge: fewer than two prompts with both kinds have no interval", () => {
    expect(contrastOfPrompt({ correct: bits("11"), scores: [1, 2] })).toBeUndefined()
    expect(promptContrast([{ correct: bits("10"), scores: [1, 2] }], standard)).toEqual({
      _tag: "NotAvailable",
      reason: "an interval needs 2 prompts with both right and wrong completions, not 1"
    })
  })

  it("golden: the incomplete beta function as in SciPy", () => {
    for (const [a, b, x, value] of golden.betainc) expect(incompleteBeta(x, a, b)).toBeCloseTo(value, 11)
  })
})

describe("correlation", () => {
  it("golden: Pearson's matrix as in NumPy", () => {
    const [x, y, z] = golden.pearson.columns
    const { cells } = pearsonMatrix({ x: x!, y: y!, z: z! })
    for (const [i, row] of cells.entries())
      for (const [j, r] of row.entries()) expect(r).toBeCloseTo(golden.pearson.matrix[i]![j]!, 12)
  })

  it("defect 26: Spearman's correlation with ties as in SciPy", () => {
    const { u, v, rho, p } = golden.spearman
    expect(spearman(u, v)).toBeCloseTo(rho, 12)
    expect(correlationP(spearman(u, v)!, u.length) / p).toBeCloseTo(1, 8)
  })

  it("edge: a constant has none; a value that is missing takes its pair with it", () => {
    expect(pearson([1, 1, 1], [1, 2, 3])).toBeUndefined()
    expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBeUndefined()
    expect(pearson([1, 2, 9, 4], [2, 4, Number.NaN, 8])).toBeCloseTo(1, 14)
    expect(() => pearson([1], [1, 2])).toThrow("1 and 2 values")
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
    expect(riskCoverageCurve([pool])).toEqual([{ coverage: 1, risk: 0.75, score: 5 }])
  })

  it("golden: a point a distinct score, those without one last", () => {
    expect(riskCoverageCurve([{ correct: bits("1100"), scores: [3, Number.NaN, 1, 3] }])).toEqual([
      { coverage: 0.5, risk: 0.5, score: 3 },
      { coverage: 0.75, risk: 2 / 3, score: 1 },
      { coverage: 1, risk: 0.5, score: Number.NaN }
    ])
    expect(areaUnderRiskCoverage([], standard)).toMatchObject({ reason: "no completions" })
  })
})
