import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import {
  contrastOfPrompt,
  correlationP,
  incompleteBeta,
  pearson,
  pearsonMatrix,
  promptContrast,
  Resamplings,
  spearman,
  welch
} from "../src/core/evaluation/index.ts"

interface Pools {
  readonly correct: ReadonlyArray<ReadonlyArray<boolean>>
  readonly scores: ReadonlyArray<ReadonlyArray<number>>
}
const golden: {
  readonly test: Pools
  readonly welch: { readonly t: number; readonly degrees: number; readonly p: number }
  readonly spearman: { readonly u: ReadonlyArray<number>; readonly v: ReadonlyArray<number>; rho: number; p: number }
  readonly pearson: {
    readonly columns: ReadonlyArray<ReadonlyArray<number>>
    matrix: ReadonlyArray<ReadonlyArray<number>>
  }
  readonly betainc: ReadonlyArray<readonly [number, number, number, number]>
} = JSON.parse(readFileSync(new URL("fixtures/metrics.json", import.meta.url), "utf8"))

const poolsOf = ({ correct, scores }: Pools) => correct.map((c, b) => ({ correct: c, scores: scores[b]! }))
const bits = (text: string) => [...text].map((c) => c === "1")
const { standard } = Resamplings

describe("contrasts", () => {
  const pools = poolsOf(golden.test)
  const of = (right: boolean) => pools.flatMap((p) => p.scores.filter((_, i) => p.correct[i] === right))

  it("golden: Welch's test as in SciPy", () => {
    const found = welch(of(true), of(false))!
    const mean = (xs: ReadonlyArray<number>) => xs.reduce((a, b) => a + b) / xs.length
    expect(found.difference).toBeCloseTo(mean(of(true)) - mean(of(false)), 12)
    expect(found.t).toBeCloseTo(golden.welch.t, 10)
    expect(found.degrees).toBeCloseTo(golden.welch.degrees, 8)
    expect(found.p / golden.welch.p).toBeCloseTo(1, 8)
    // Equal spreads of 1 each: t = -1 / √(1 + 1) with 2² / (1 + 1) degrees.
    expect(welch([1, 3], [2, 4])).toMatchObject({ difference: -1, t: expect.closeTo(-Math.SQRT1_2, 14), degrees: 2 })
    expect(welch([1], [1, 2])).toBeUndefined()
    expect(welch([1, 2], [1])).toBeUndefined()
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
    for (const one of ["11", "00"]) expect(contrastOfPrompt({ correct: bits(one), scores: [1, 2] })).toBeUndefined()
    expect(contrastOfPrompt({ correct: bits("110"), scores: [3, Number.NaN, 1] })).toBe(2)
    const pools = ["10", "11"].map((correct) => ({ correct: bits(correct), scores: [1, 2] }))
    expect(promptContrast(pools, standard)).toEqual({
      _tag: "NotAvailable",
      reason: "an interval needs 2 prompts with both right and wrong completions, not 1"
    })
  })

  it("golden: the incomplete beta function as in SciPy", () => {
    for (const [a, b, x, value] of golden.betainc) expect(incompleteBeta(x, a, b)).toBeCloseTo(value, 11)
    expect([0, 1].map((x) => incompleteBeta(x, 2, 0.5))).toEqual([0, 1])
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
    expect([1, -1].map((r) => correlationP(r, 3))).toEqual([0, 0])
  })

  it("edge: a constant has none; a value that is missing takes its pair with it", () => {
    expect(pearson([1, 1, 1], [1, 2, 3])).toBeUndefined()
    expect(pearson([0.1, 0.1, 0.1], [1, 2, 3])).toBeUndefined()
    expect(pearson([1, 2, 9, 4], [2, 4, Number.NaN, 8])).toBeCloseTo(1, 14)
    expect(spearman([1, Number.NaN, 3, 2, 5], [1, 9, 3, 2, Number.NaN])).toBeCloseTo(1, 14)
    expect(() => pearson([1], [1, 2])).toThrow("1 and 2 values")
  })
})
