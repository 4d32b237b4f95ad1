import { describe, expect, it } from "vitest"
import {
  bestOfFirst,
  bestOfFirstOfPrompt,
  chooseThreshold,
  denseVariation,
  firstBelow,
  processBenchF1,
  Resamplings,
  summariseVariation,
  transferMatrix
} from "../src/core/evaluation/index.ts"

const bits = (text: string) => [...text].map((c) => c === "1")
const { standard } = Resamplings

describe("variation of dense rewards", () => {
  it("golden: 0 0 0 4 is flat until its last token, and its one jump is the last", () => {
    expect(denseVariation([0, 0, 0, 4])).toEqual({
      tokens: 4,
      range: 4,
      std: Math.sqrt(3),
      meanAbsDelta: 4 / 3,
      changed: 1 / 3,
      unique: 2,
      nonFlat: true,
      interiorNonFlat: false,
      flatUntilLast: true,
      prefixRangeShare: 0,
      finalJumpShare: 1
    })
    expect(denseVariation([1, 3, 2])).toMatchObject({
      prefixRangeShare: 1,
      finalJumpShare: 1 / 3,
      flatUntilLast: false
    })
  })

  it("edge: a flat trace has no shares; a single reward no variation", () => {
    expect(denseVariation([2, 2 + 1e-8])).toMatchObject({ nonFlat: false, prefixRangeShare: undefined, changed: 0 })
    expect(denseVariation([1, Number.NaN])).toBeUndefined()
    expect(summariseVariation([[1], [0, 1], [2, 2]])).toMatchObject({
      traces: 2,
      leftOut: 1,
      means: { nonFlat: 0.5, range: 0.5, finalJumpShare: 1 }
    })
  })
})

describe("transfer", () => {
  it("golden: best-of-n and its gain by cell; runs that are not there are cells that say so", () => {
    const pools = [
      { correct: bits("10"), scores: [2, 1] },
      { correct: bits("10"), scores: [1, Number.NaN] }
    ]
    const run = { architecture: "dense", provenance: "a.jsonl", pools }
    const cells = transferMatrix(
      [
        { ...run, policy: "p", reward: "r" },
        { ...run, policy: "q", reward: "s" }
      ],
      2,
      standard
    )
    expect(cells.map((c) => [c.policy, c.reward, c.accuracy._tag])).toEqual([
      ["p", "r", "Estimate"],
      ["p", "s", "NotAvailable"],
      ["q", "r", "NotAvailable"],
      ["q", "s", "Estimate"]
    ])
    expect(cells[0]).toMatchObject({
      accuracy: { value: 1 },
      gain: { value: 0.5 },
      nonFinite: 1,
      provenance: "a.jsonl"
    })
    expect(cells[1]).toMatchObject({ provenance: "missing", accuracy: { reason: "no such run" } })
  })
})

describe("process benchmarks", () => {
  it("golden: F1 of 1/2 on wrong traces and 1 on right ones is 2/3", () => {
    const result = processBenchF1(
      [
        { label: 2, predicted: 2 },
        { label: 0, predicted: 1 },
        { label: -1, predicted: -1 }
      ],
      standard
    )
    expect(result).toMatchObject({
      wrong: { value: 0.5 },
      right: { value: 1 },
      f1: { value: expect.closeTo(2 / 3, 14) }
    })
    expect(processBenchF1([{ label: 1, predicted: 0 }], standard).f1).toEqual({
      _tag: "NotAvailable",
      reason: "no trace without a wrong step"
    })
    const none = [
      { label: 1, predicted: 0 },
      { label: -1, predicted: 0 }
    ]
    expect(processBenchF1(none, standard).f1).toMatchObject({ value: 0 })
  })

  it("golden: the first step below a threshold, which is chosen for the best F1", () => {
    expect([0, 0.5, -1].map((t) => firstBelow([0.2, -0.5, Number.NaN, -3], t))).toEqual([1, 0, 3])
    const traces = [
      { label: 1, values: [0.9, 0.3, 0.1] },
      { label: -1, values: [0.6, 0.7] }
    ]
    expect(chooseThreshold(traces, [0.2, 0.5, 0.95])).toBe(0.5)
    expect(chooseThreshold(traces, [])).toBeUndefined()
  })

  it("golden: best-of-4 with the correct one first: m tied best share 1/m, and no score is never best", () => {
    expect(
      [
        [3, 1, 2, 0],
        [3, 3, 0, 3],
        [0, 1, 0, 0],
        [Number.NaN, Number.NaN]
      ].map(bestOfFirstOfPrompt)
    ).toEqual([1, 1 / 3, 0, 0])
    expect(bestOfFirstOfPrompt([])).toBeUndefined()
    expect(
      bestOfFirst(
        [
          [1, 0],
          [0, 1]
        ],
        standard
      )
    ).toMatchObject({ value: 0.5, n: 2 })
  })
})
