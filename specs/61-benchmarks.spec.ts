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
      flatUntilLast: false,
      interiorNonFlat: true
    })
  })

  it("edge: a difference of 1e-6 is none; values count as equal at six decimals", () => {
    expect(denseVariation([0, 1e-6])).toMatchObject({
      changed: 0,
      nonFlat: false,
      flatUntilLast: false,
      prefixRangeShare: undefined,
      finalJumpShare: undefined
    })
    expect(denseVariation([0, 1e-6, 1])).toMatchObject({ changed: 0.5, interiorNonFlat: false, flatUntilLast: true })
    expect(denseVariation([0.1234567, 0.1234571, 0.1234581, -0])?.unique).toBe(3)
  })

  it("edge: a flat trace has no shares; a single reward no variation", () => {
    expect(denseVariation([2, 2 + 1e-8])).toMatchObject({ nonFlat: false, prefixRangeShare: undefined, changed: 0 })
    expect(denseVariation([2, 2])?.flatUntilLast).toBe(false)
    expect(denseVariation([1, Number.NaN])).toBeUndefined()
    expect(summariseVariation([[1], [0, 1], [2, 2]])).toMatchObject({
      traces: 2,
      leftOut: 1,
      means: { nonFlat: 0.5, range: 0.5, finalJumpShare: 1 }
    })
    expect(summariseVariation([[2, 2]]).means).toMatchObject({ tokens: 2, finalJumpShare: undefined })
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
    const [dense, sparse] = transferMatrix(
      ["dense", "sparse"].map((architecture) => ({
        ...run,
        architecture,
        provenance: architecture,
        policy: "p",
        reward: "r"
      })),
      3,
      standard
    )
    expect([dense?.provenance, sparse?.provenance]).toEqual(["dense", "sparse"])
    expect(dense?.accuracy).toMatchObject({ reason: "no prompt has 3 completions" })
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
    expect(processBenchF1([{ label: -1, predicted: -1 }], standard).f1).toMatchObject({
      reason: "no trace with a wrong step"
    })
    const of = (...pairs: ReadonlyArray<readonly [label: number, predicted: number]>) =>
      processBenchF1(
        pairs.map(([label, predicted]) => ({ label, predicted })),
        standard
      )
    expect(of([1, 0], [-1, 0]).f1).toMatchObject({ value: 0 })
    expect(of([0, 0], [1, 0], [-1, -1], [-1, 0]).f1).toMatchObject({ value: 1 / 2 })
    // 3/4 of the wrong ones and 1/3 of the right ones: 2 · 1/4 / (13/12).
    const uneven = of([0, 0], [1, 1], [2, 2], [2, 1], [-1, -1], [-1, 0], [-1, 2])
    expect(uneven).toMatchObject({ wrong: { value: 3 / 4, n: 7 }, right: { value: expect.closeTo(1 / 3, 14) } })
    expect(uneven.f1).toMatchObject({ value: expect.closeTo(6 / 13, 14), n: 7 })
  })

  it("golden: the first step below a threshold, which is chosen for the best F1", () => {
    expect([0, 0.5, -1, -3].map((t) => firstBelow([0.2, -0.5, Number.NaN, -3], t))).toEqual([1, 0, 3, -1])
    const traces = [
      { label: 1, values: [0.9, 0.3, 0.1] },
      { label: -1, values: [0.6, 0.7] }
    ]
    expect(chooseThreshold(traces, [0.2, 0.5, 0.95])).toBe(0.5)
    // At 2 every trace is wrong from its first step: nothing is hit, which is an F1 of 0.
    expect(chooseThreshold(traces, [2, 0.5, 0.4])).toBe(0.5)
    expect(chooseThreshold(traces, [])).toBeUndefined()
  })

  it.each([
    // At 0.2, 0.4, 0.5, 0.65: a = 1/3, 2/3, 1, 2/3 and b = 1, 1/2, 1/2, 0, so F1 = 1/2, 4/7, 2/3, 0.
    [
      "the highest harmonic mean",
      [0.2, 0.4, 0.5, 0.65],
      0.5,
      [
        [0, 0.1, 0.9],
        [1, 0.6, 0.3],
        [1, 0.8, 0.45],
        [-1, 0.7, 0.5],
        [-1, 0.9, 0.35]
      ]
    ],
    // A first step that is wrong is a wrong step: a = 1/2, 1.
    [
      "first steps too",
      [0.2, 0.5],
      0.5,
      [
        [0, 0.3, 0.9],
        [1, 0.9, 0.1],
        [-1, 0.8, 0.8]
      ]
    ],
    // a = 1, 1/4 and b = 0, 1.
    [
      "right traces too",
      [0.5, 0.2],
      0.2,
      [
        [0, 0.3, 0.9],
        [1, 0.9, 0.3],
        [1, 0.9, 0.3],
        [1, 0.9, 0.1],
        [-1, 0.9, 0.3]
      ]
    ],
    // a = 1, 1/2 and b = 1/4, 1/2, so F1 = 2/5, 1/2.
    [
      "both alike",
      [0.5, 0.2],
      0.2,
      [
        [1, 0.9, 0.3],
        [1, 0.9, 0.1],
        [-1, 0.9, 0.9],
        [-1, 0.9, 0.3],
        [-1, 0.9, 0.1],
        [-1, 0.9, 0.1]
      ]
    ]
  ] as const)("golden: the threshold is chosen for %s", (_, candidates, best, rows) => {
    const traces = rows.map(([label, ...values]) => ({ label, values }))
    expect(chooseThreshold(traces, candidates)).toBe(best)
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
    expect(bestOfFirst([], standard)).toMatchObject({ reason: "no prompts" })
  })
})
