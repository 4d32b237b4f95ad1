import { describe, expect, it } from "vitest"
import {
  counterparts,
  localDropMass,
  onset,
  Resamplings,
  Selectors,
  Sensitivities,
  Stabilisers,
  summariseOnsets,
  type TracePair
} from "../src/core/evaluation/index.ts"

const { standard } = Resamplings
const bits = (text: string) => [...text].map((c) => c === "1")

describe("sensitivity", () => {
  const pair = (promptId: string, severity: number, clean: number, perturbed: number): TracePair => ({
    promptId,
    severity,
    clean: { ids: [1, 2], rewards: [clean, clean] },
    perturbed: { ids: [1, 3], rewards: [perturbed, perturbed] }
  })

  it("golden: margins and wins, ties one half, pairs of a prompt averaged first", () => {
    const pairs = [pair("a", 1, 2, 1), pair("a", 2, 2, 2), pair("b", 1, 0, 1), pair("c", 1, Number.NaN, 0)]
    expect(Sensitivities.sensitivity(pairs, Selectors.mean, standard)).toMatchObject({
      margin: { value: -0.25, n: 2 },
      wins: { value: 0.375 },
      pairs: 3,
      leftOut: 1
    })
    const levels = Sensitivities.bySeverity(pairs, Selectors.mean, standard)
    expect(levels.map(({ severity, pairs: n }) => [severity, n])).toEqual([
      [1, 2],
      [2, 1]
    ])
    expect(levels[1]?.margin).toMatchObject({ reason: "an interval needs pairs of 2 prompts" })
    const hardestFirst = pairs.toSorted((a, b) => b.severity - a.severity)
    expect(Sensitivities.bySeverity(hardestFirst, Selectors.mean, standard)).toEqual(levels)
    const none = { reason: "no pair with two finite scores" }
    expect(Sensitivities.sensitivity([], Selectors.mean, standard)).toMatchObject({
      margin: none,
      wins: none,
      pairs: 0
    })
  })

  it("golden: severity against score", () => {
    const pairs = [pair("a", 1, 3, 2), pair("a", 2, 3, 1), pair("b", 1, 3, 0), pair("b", 3, 3, 1)]
    expect(Sensitivities.nonIncreasing(pairs, Selectors.mean, standard)).toMatchObject({ value: 0.5, n: 2 })
    // By severity, whatever the order of the pairs; several of one severity count by their mean; level is no rise.
    const levels = (...scores: ReadonlyArray<readonly [severity: number, score: number]>) =>
      Sensitivities.nonIncreasing(
        scores.map(([severity, score]) => pair("a", severity, 0, score)),
        Selectors.mean,
        standard
      )
    expect(levels([1, 3], [2, 1], [2, 4])).toMatchObject({ value: 1 })
    expect(levels([1, 2], [2, 1], [2, 4])).toMatchObject({ value: 0 })
    expect(levels([1, 2], [2, 2])).toMatchObject({ value: 1 })
    expect(levels([2, 1], [1, 3])).toMatchObject({ value: 1 })
    expect(levels([2, 3], [1, 1])).toMatchObject({ value: 0 })
    expect(Sensitivities.severityCorrelation([pair("a", 1, 0, 5), pair("a", 2, 0, 4)], Selectors.mean)).toBeCloseTo(-1)
    expect(Sensitivities.nonIncreasing([pair("a", 1, 1, 1)], Selectors.mean, standard)).toMatchObject({
      reason: "no prompt with several severities"
    })
  })

  it("defect 26: after an insertion each token is compared with the one that it stands for", () => {
    const inserted: TracePair = {
      promptId: "p",
      severity: 1,
      clean: { ids: [1, 2, 3], rewards: [10, 20, 30] },
      perturbed: { ids: [1, 7, 2, 3], rewards: [10, 5, 20, 30] }
    }
    expect(counterparts(inserted.clean.ids, inserted.perturbed.ids)).toEqual([0, 0, 1, 2])
    expect(Sensitivities.alignedDeltas(inserted)).toEqual([0, 5, 0, 0])
    expect(counterparts([1, 2, 3, 4], [1, 9, 4])).toEqual([0, 1, 3])
    expect(counterparts([1, 2, 3, 4], [1, 6, 7, 8, 9, 4])).toEqual([0, 1, 1, 2, 2, 3])
    expect(Sensitivities.splitDeltas([0, 5, 0, 1], [1], 0)).toEqual({ inside: 5, outside: 1 / 3, gap: 5 - 1 / 3 })
    expect(Sensitivities.splitDeltas([4, Number.NaN, 1, 6], [0, 1, 3], 0)).toEqual({ inside: 5, outside: 1, gap: 4 })
    for (const targets of [[0], []]) expect(Sensitivities.splitDeltas([1], targets, 0).gap).toBeUndefined()
  })
})

describe("stabilised deltas", () => {
  it("defect 26: a moving average is over what is there, not over zeros beyond the ends", () => {
    expect(Stabilisers.movingAverage([3, 3, 3])).toEqual([3, 3, 3])
    expect(Stabilisers.movingAverage([0, 3, Number.NaN, 6])).toEqual([1.5, 1.5, 4.5, 6])
    expect(Stabilisers.movingAverage([Number.NaN, Number.NaN, 4])).toEqual([Number.NaN, 4, 4])
  })

  it("golden: z-scores by relative place: median and MAD, or mean and σ; without spread that of all, or 1", () => {
    const traces = [
      [1, 10],
      [3, 10],
      [5, 10]
    ]
    const halves = Stabilisers.fitStabiliser(traces, { bins: 2 })
    expect(halves([5, 10])[0]).toBeCloseTo((5 - 3) / (1.4826 * 2), 12)
    expect(halves([5, 10 + 1.4826 * 2.5])[1]).toBeCloseTo(1, 12)
    const byMean = Stabilisers.fitStabiliser(traces, { bins: 2, scale: Stabilisers.moments })
    expect(byMean([5, 10])[0]).toBeCloseTo(2 / Math.sqrt(8 / 3), 12)
    expect(Stabilisers.fitStabiliser([[2, 2]])([3])).toEqual([1])
    expect(Stabilisers.fitStabiliser([])([3])).toEqual([3])
    expect(
      Stabilisers.fitStabiliser([...traces, [Number.NaN, Number.POSITIVE_INFINITY]], { bins: 2 })([5, 10])
    ).toEqual(halves([5, 10]))
    const tiny = () => ({ centre: 0, spread: 1e-6 })
    expect(Stabilisers.fitStabiliser([[7]], { scale: tiny })([3])).toEqual([3])
  })

  it("golden: onset, lag and false alarm", () => {
    expect(onset([0, 0, 0, 2, 2, 2], 2)).toEqual({ lag: 1, falseAlarm: false, threshold: 1 })
    expect(onset([4, 4, 4, 0, 0, 0, 9, 9, 9], 6)).toMatchObject({ lag: 0, threshold: 4 })
    expect(onset([3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0], 9).falseAlarm).toBe(true)
    expect(onset([5, 5, 5], 0)).toEqual({ lag: 0, falseAlarm: false, threshold: 1 })
    expect(onset([0, 5, 5], 1).lag).toBeUndefined()
    expect(onset([0, 1, 1, 1], 1)).toEqual({ lag: undefined, falseAlarm: false, threshold: 1 })
    expect(onset([Number.NaN, 0, 2, 2, 2], 2)).toEqual({ lag: 0, falseAlarm: false, threshold: 1 })
    // Two of the run's places lie before the edit: the run does not, so it is no false alarm.
    expect(onset([0, 0, 0, 0, 9, 9, 9, 9, 9], 6)).toMatchObject({ lag: 0, falseAlarm: false })
    expect(
      summariseOnsets([
        { lag: 2, falseAlarm: true, threshold: 1 },
        { lag: 5, falseAlarm: false, threshold: 1 },
        { lag: 1, falseAlarm: false, threshold: 1 },
        { lag: undefined, falseAlarm: false, threshold: 1 }
      ])
    ).toEqual({ detectionRate: 0.75, meanLag: 8 / 3, falseAlarmRate: 0.25, traces: 4 })
    expect(summariseOnsets([])).toMatchObject({ detectionRate: undefined, meanLag: undefined })
  })

  it("golden: local drop mass and what it is above chance", () => {
    expect(localDropMass([3, 1, -9, 0], bits("1000"))).toEqual({ share: 0.75, normalised: expect.closeTo(2 / 3, 14) })
    expect(localDropMass([0, 0], bits("10"))).toEqual({ share: 0.5, normalised: 0 })
    expect(localDropMass([1], bits("1")).normalised).toBeUndefined()
  })
})
