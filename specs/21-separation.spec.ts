import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import {
  aurocPooled,
  aurocWithinPrompt,
  brierScore,
  expectedCalibrationError,
  Resamplings,
  reliabilityBins
} from "../src/core/evaluation/index.ts"

const golden: {
  readonly correct: ReadonlyArray<ReadonlyArray<boolean>>
  readonly scores: ReadonlyArray<ReadonlyArray<number>>
  readonly probabilities: ReadonlyArray<ReadonlyArray<number>>
  readonly aurocPooled: number
  readonly aurocWithin: number
  readonly withinPrompts: number
  readonly brier: number
  readonly ece: number
} = JSON.parse(readFileSync(new URL("fixtures/separation.json", import.meta.url), "utf8"))

const pools = golden.correct.map((correct, b) => ({
  correct,
  scores: golden.scores[b]!,
  probabilities: golden.probabilities[b]!
}))
const resampling = Resamplings.standard

describe("AUROC", () => {
  it("golden: pooled as in scikit-learn, ties included", () => {
    const measured = aurocPooled(pools, resampling)
    expect(measured).toMatchObject({ _tag: "Estimate", n: 12 })
    expect(measured).toHaveProperty("value", expect.closeTo(golden.aurocPooled, 12))
  })

  it("golden: within prompt is scikit-learn's mean over the prompts with both classes", () => {
    const measured = aurocWithinPrompt(pools, resampling)
    expect(measured).toMatchObject({ _tag: "Estimate", n: golden.withinPrompts })
    expect(measured).toHaveProperty("value", expect.closeTo(golden.aurocWithin, 12))
  })

  it("edge: one class absent is not available, with the reason", () => {
    const right = [{ correct: [true, true], scores: [1, 2] }]
    expect(aurocPooled(right, resampling)).toEqual({ _tag: "NotAvailable", reason: "no wrong completion" })
    expect(aurocPooled([{ correct: [false], scores: [1] }], resampling)).toEqual({
      _tag: "NotAvailable",
      reason: "no correct completion"
    })
    const one = [{ correct: [true, false, true], scores: [3, 2, 1] }]
    expect(aurocPooled(one, resampling)).toEqual({ _tag: "Estimate", value: 0.5, ci95: [0, 1], n: 1 })
    expect(aurocPooled([], resampling)).toEqual({ _tag: "NotAvailable", reason: "no completions" })
    expect(aurocWithinPrompt(right, resampling)).toEqual({
      _tag: "NotAvailable",
      reason: "no prompt has both right and wrong completions"
    })
  })
})

describe("calibration", () => {
  it("golden: Brier score as in scikit-learn", () => {
    expect(brierScore(pools, resampling)).toHaveProperty("value", expect.closeTo(golden.brier, 12))
  })

  it("golden: ECE over ten bins (lo, hi]", () => {
    expect(expectedCalibrationError(pools, resampling)).toHaveProperty("value", expect.closeTo(golden.ece, 12))
  })

  it("golden: a value on an edge falls into the lower bin, 0 into the first", () => {
    const bins = reliabilityBins([{ correct: [true, false, true], probabilities: [0, 0.5, 1] }], 2)
    expect(bins).toEqual([
      { lower: 0, upper: 0.5, count: 2, confidence: 0.25, accuracy: 0.5 },
      { lower: 0.5, upper: 1, count: 1, confidence: 1, accuracy: 1 }
    ])
  })

  it("golden: an empty bin has neither confidence nor accuracy, and ten bins are usual", () => {
    const bins = reliabilityBins([{ correct: [true], probabilities: [0.95] }])
    expect(bins).toHaveLength(10)
    expect(bins[0]).toEqual({ lower: 0, upper: 0.1, count: 0, confidence: undefined, accuracy: undefined })
    expect(bins[9]).toEqual({ lower: 0.9, upper: 1, count: 1, confidence: 0.95, accuracy: 1 })
  })

  it("golden: two rows by hand: Brier (0.04 + 0.49) / 2, ECE (0.2 + 0.7) / 2", () => {
    const pool = [{ correct: [true, false], probabilities: [0.8, 0.7] }]
    expect(brierScore(pool, resampling)).toHaveProperty("value", expect.closeTo(0.265, 12))
    expect(expectedCalibrationError(pool, resampling)).toHaveProperty("value", expect.closeTo(0.45, 12))
    // In one bin the two errors cancel in part: |0.2 - 0.7| / 2.
    expect(expectedCalibrationError(pool, resampling, 1)).toHaveProperty("value", expect.closeTo(0.25, 12))
  })

  it("edge: an unbounded score is refused as a probability", () => {
    const pool = [{ correct: [true, false], probabilities: [1.5, Number.NaN] }]
    const reason = "2 of 2 values are not probabilities in [0, 1]"
    expect(brierScore(pool, resampling)).toEqual({ _tag: "NotAvailable", reason })
    expect(expectedCalibrationError(pool, resampling)).toEqual({ _tag: "NotAvailable", reason })
    const half = [{ correct: [true, false], probabilities: [0.5, -0.1] }]
    expect(brierScore(half, resampling)).toMatchObject({ reason: "1 of 2 values are not probabilities in [0, 1]" })
    for (const metric of [brierScore, expectedCalibrationError])
      expect(metric([], resampling)).toEqual({ _tag: "NotAvailable", reason: "no completions" })
  })
})
