import { describe, expect, it } from "vitest"
import {
  Clinicians,
  counterparts,
  edits,
  Grids,
  type JudgedCase,
  Localisation,
  localDropMass,
  localisePlaces,
  Measurements,
  onset,
  type PlaceRow,
  Places,
  Resamplings,
  Selectors,
  Sensitivities,
  Stabilisers,
  spike,
  summariseOnsets,
  Targets,
  type TracePair,
  withinSpan
} from "../src/core/evaluation/index.ts"

const { standard } = Resamplings
const bits = (text: string) => [...text].map((c) => c === "1")
const fall = Localisation.drop
const row = (promptId: string, values: ReadonlyArray<number>, targets: ReadonlyArray<number>): PlaceRow => ({
  promptId,
  targets,
  signals: { reward: { values, transition: fall } }
})
const judge = (rows: ReadonlyArray<PlaceRow>, grid = Grids.token, window = 1, k = 1) =>
  localisePlaces(rows, { grid, window, k, detectors: ["reward"], resampling: standard })[0]!
const value = Measurements.value

describe("places", () => {
  it.each([
    ["0010", 1, 0, 1 / 4],
    ["0010", 2, 1 / 2, 1 / 2],
    ["0111", 1, 1, 3 / 4]
  ])("golden: suspicion 0 2 1 1, near %s, K = %d: hit %d, chance %d", (near, K, hit, chance) => {
    expect(Places.hitAtK({ suspicion: [0, 2, 1, 1], near: bits(near) }, K)).toBeCloseTo(hit, 14)
    expect(Places.chanceAtK(4, bits(near).filter(Boolean).length, K)).toBeCloseTo(chance, 14)
  })

  it("golden: 1/rank of the first of two, chance of two among three: 2/3 + 1/3 · 1/2", () => {
    expect(Places.reciprocalRank({ suspicion: [3, 2, 1], near: bits("011") })).toBe(1 / 2)
    expect(Places.chanceReciprocalRank(3, 2)).toBeCloseTo(5 / 6, 14)
    expect(Places.chanceAveragePrecision(3, 1)).toBeCloseTo((1 + 1 / 2 + 1 / 3) / 3, 14)
    expect(Places.reciprocalRank({ suspicion: [1], near: [false] })).toBe(0)
  })

  it("golden: Mass@W is the share of suspicion near the target", () => {
    expect(Places.massNear({ suspicion: [1, 3, 0], near: bits("010") })).toBe(0.75)
    expect(Places.massNear({ suspicion: [0, 0, Number.NaN], near: bits("010") })).toBeCloseTo(1 / 3, 14)
  })

  it("edge: K beyond the places finds whatever is there", () => {
    expect(Places.hitAtK({ suspicion: [1, 2], near: bits("10") }, 5)).toBe(1)
    expect([Places.chanceAtK(2, 1, 5), Places.chanceAtK(2, 0, 5)]).toEqual([1, 0])
  })
})

describe("grids", () => {
  it("defect 21: windows of 1 and 7 tokens on buckets of 15 are one bucket, and the result says how far it reaches", () => {
    const grid = Grids.interval(15)
    expect([1, 7, 15].map((W) => Grids.window(grid, W))).toEqual([1, 1, 1])
    expect([1, 7].map((W) => Grids.reach(grid, W))).toEqual([29, 29])
    expect(Grids.reach(Grids.token, 7)).toBe(7)
    const long = row(
      "p",
      Array.from({ length: 90 }, (_, t) => (t < 45 ? 1 : 0)),
      [20]
    )
    // The fall at 45 is 25 tokens off: no hit within 7 tokens, one on the grid, where chance is higher too.
    const [fine, coarse] = [judge([long], Grids.token, 7), judge([long], grid, 7)]
    expect([value(fine.hit), value(coarse.hit)]).toEqual([0, 0])
    const near = row(
      "p",
      Array.from({ length: 90 }, (_, t) => (t < 45 ? 1 : 0)),
      [31]
    )
    expect([value(judge([near], Grids.token, 7).hit), value(judge([near], grid, 7).hit)]).toEqual([0, 1])
    expect(value(coarse.chance)!).toBeGreaterThan(value(fine.chance)!)
    expect([fine.grid, coarse.grid]).toEqual(["token", "interval(15)"])
  })

  it("defect 5: buckets count from the completion's first token, the last one may be short", () => {
    expect(Grids.coarsen(Grids.interval(2), [1, 3, Number.NaN, 5, 7])).toEqual([2, 5, 7])
    expect(Grids.place(Grids.interval(15), 29)).toBe(1)
    expect(() => Grids.interval(0)).toThrow("A bucket has a whole number of tokens, got 0.")
  })
})

describe("localisePlaces", () => {
  it("defect 23: a signal that never falls predicts nothing: it is at chance, not at the second token", () => {
    for (const targets of [[1], [2], [4]]) {
      const result = judge([row("p", [1, 1, 2, 3, 4], targets)], Grids.token, 0)
      expect(result.hit).toEqual(result.chance)
      expect(value(result.hit)).toBe(1 / 4)
      expect(value(result.normalised)).toBe(0)
    }
  })

  it("defect 24: the first token is no candidate, and the ratio is one of means", () => {
    expect(value(judge([row("p", [5, 1, 1], [1])], Grids.token, 0).chance)).toBe(1 / 2)
    expect(judge([row("p", [5, 1, 1], [0])], Grids.token, 0)).toMatchObject({ rows: 0, leftOut: 1 })
    // Chances of 39/40 and 1/2 with no hit: the mean of ratios is (-39 - 1)/2 = -20, the ratio of means -2.8.
    const wide = row(
      "a",
      [...new Array<number>(40).fill(1), 0],
      Array.from({ length: 39 }, (_, i) => i + 1)
    )
    const narrow = row("b", [2, 2, 1], [1])
    const result = judge([wide, narrow], Grids.token, 0)
    expect(value(result.hit)).toBe(0)
    expect(value(result.normalised)).toBeCloseTo(-(39 / 40 + 1 / 2) / (2 - (39 / 40 + 1 / 2)), 12)
  })

  it("defect 25: detectors are judged on one set of rows", () => {
    const both = row("p", [2, 1, 1], [1])
    const rows: ReadonlyArray<PlaceRow> = [
      { ...both, signals: { ...both.signals, entropy: { values: [0, 3, 0], transition: spike } } },
      both,
      { ...both, signals: { ...both.signals, entropy: { values: [0, 3], transition: spike } } }
    ]
    const results = localisePlaces(rows, {
      grid: Grids.token,
      window: 0,
      detectors: ["reward", "entropy"],
      resampling: standard
    })
    expect(results.map(({ rows: used, leftOut, hit }) => [used, leftOut, value(hit)])).toEqual([
      [1, 2, 1],
      [1, 2, 1]
    ])
  })

  it("defect 22: a degenerate signal cannot fall far below chance", () => {
    const flat = judge([row("p", new Array<number>(50).fill(0.3), [7])], Grids.token, 1)
    expect(value(flat.hit)).toBeCloseTo(value(flat.chance)!, 14)
  })

  it("golden: a region narrows candidates, targets and chance; spans are filtered by their width", () => {
    const base = row("p", [9, 1, 9, 8, 8], [3])
    expect(value(judge([base], Grids.token, 0).hit)).toBe(0)
    const inside = { ...base, region: { start: 2, end: 5 } }
    expect(judge([inside], Grids.token, 0)).toMatchObject({
      hit: { value: 1 },
      chance: { value: expect.closeTo(1 / 3, 14) }
    })
    expect(judge([{ ...base, region: { start: 4, end: 5 } }], Grids.token, 0).rows).toBe(0)
    expect(withinSpan(1)(inside)).toBe(true)
    expect(withinSpan(2)({ ...inside, targets: [2, 4] })).toBe(false)
    expect(withinSpan(3)({ ...inside, targets: [2, 4] })).toBe(true)
    expect(withinSpan(9)({ ...inside, targets: [1] })).toBe(false)
    expect(withinSpan(9)({ ...inside, targets: [] })).toBe(false)
  })

  it("edge: no row is not available, with the reason; chance of 1 leaves nothing to normalise", () => {
    expect(judge([]).hit).toEqual({ _tag: "NotAvailable", reason: "no trace with an error" })
    expect(judge([row("p", [1, 0], [1])]).normalised).toMatchObject({
      reason: "every place is near the error, so chance is 1"
    })
  })
})

describe("targets", () => {
  it("golden: edits of a sequence, one replaced, one left out, one put in", () => {
    expect(edits([1, 2, 3, 4, 5], [1, 9, 3, 5, 6])).toEqual([
      { clean: [1, 2], perturbed: [1, 2] },
      { clean: [3, 4], perturbed: [3, 3] },
      { clean: [5, 5], perturbed: [4, 5] }
    ])
    expect(edits([1, 2], [1, 2])).toEqual([])
    expect(Targets.differingTokens([1, 2, 3, 4, 5], [1, 9, 3, 5, 6])).toEqual([1, 4])
    expect(Targets.differingTokens([1, 2, 3], [1, 3])).toEqual([1])
    expect(Targets.differingTokens([1, 2], [1])).toEqual([0])
  })

  it("golden: tokens of the edited step, its first token, its first differing word", () => {
    // "ab cd ef" in tokens of "ab", " cd", " ef"; the step is "cd ef", which was "cd eg".
    const trace = {
      clean: [1, 2, 3],
      perturbed: [1, 2, 4],
      bounds: [0, 2, 5, 8],
      step: { start: 3, end: 8 },
      originalStep: "cd eg",
      perturbedStep: "cd ef"
    }
    const sources = [Targets.diff, Targets.charSpan, Targets.charStart, Targets.stepFirstDiff]
    expect(sources.map((source) => source(trace))).toEqual([[2], [1, 2], [1], [2]])
    const { step: _, ...unknown } = trace
    expect(sources.map((source) => source(unknown))).toEqual([[2], [2], [2], [2]])
    expect(Targets.stepFirstDiff({ ...trace, perturbedStep: "cd eg" })).toEqual([2])
  })
})

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
  })

  it("golden: severity against score", () => {
    const pairs = [pair("a", 1, 3, 2), pair("a", 2, 3, 1), pair("b", 1, 3, 0), pair("b", 3, 3, 1)]
    expect(Sensitivities.nonIncreasing(pairs, Selectors.mean, standard)).toMatchObject({ value: 0.5, n: 2 })
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
    expect(Sensitivities.splitDeltas([0, 5, 0, 1], [1], 0)).toEqual({ inside: 5, outside: 1 / 3, gap: 5 - 1 / 3 })
    expect(Sensitivities.splitDeltas([1], [0], 0).gap).toBeUndefined()
  })
})

describe("stabilised deltas", () => {
  it("defect 26: a moving average is over what is there, not over zeros beyond the ends", () => {
    expect(Stabilisers.movingAverage([3, 3, 3])).toEqual([3, 3, 3])
    expect(Stabilisers.movingAverage([0, 3, Number.NaN, 6])).toEqual([1.5, 1.5, 4.5, 6])
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
  })

  it("golden: onset, lag and false alarm", () => {
    expect(onset([0, 0, 0, 2, 2, 2], 2)).toEqual({ lag: 1, falseAlarm: false, threshold: 1 })
    expect(onset([4, 4, 4, 0, 0, 0, 9, 9, 9], 6)).toMatchObject({ lag: 0, threshold: 4 })
    expect(onset([3, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0], 9).falseAlarm).toBe(true)
    expect(onset([5, 5, 5], 0)).toEqual({ lag: 0, falseAlarm: false, threshold: 1 })
    expect(onset([0, 5, 5], 1).lag).toBeUndefined()
    expect(
      summariseOnsets([
        { lag: 2, falseAlarm: true, threshold: 1 },
        { lag: undefined, falseAlarm: false, threshold: 1 }
      ])
    ).toEqual({ detectionRate: 0.5, meanLag: 2, falseAlarmRate: 0.5, traces: 2 })
    expect(summariseOnsets([])).toMatchObject({ detectionRate: undefined, meanLag: undefined })
  })

  it("golden: local drop mass and what it is above chance", () => {
    expect(localDropMass([3, 1, -9, 0], bits("1000"))).toEqual({ share: 0.75, normalised: expect.closeTo(2 / 3, 14) })
    expect(localDropMass([0, 0], bits("10"))).toEqual({ share: 0.5, normalised: 0 })
    expect(localDropMass([1], bits("1")).normalised).toBeUndefined()
  })
})

describe("clinicians", () => {
  const steps = [
    { start: 0, end: 2 },
    { start: 3, end: 5 },
    { start: 5, end: 6 }
  ]
  const judged = (caseId: string, label: JudgedCase["label"], transitions: ReadonlyArray<number>): JudgedCase => ({
    caseId,
    expert: caseId,
    label,
    steps,
    transitions: { reward: transitions }
  })

  it("golden: the largest change, negative ones too, is mapped to its step or the nearest", () => {
    expect([0, 2, 3, 5, 9].map((t) => Clinicians.stepOfToken(steps, t))).toEqual([0, 0, 1, 2, 2])
    const one = judged("a", { _tag: "Step", step: 1 }, [-5, -4, -3, -1, -3, -3, 99])
    expect([0, 1].map((off) => Clinicians.stepHit(one, "reward", off))).toEqual([1, 1])
    expect([0, 1].map((off) => Clinicians.stepChance(one, off))).toEqual([1 / 3, 1])
  })

  it("defect 27: labels without a step are taken for the last one, and reported apart", () => {
    const end = [0, 0, 0, 0, 0, 1]
    const cases = [
      judged("a", { _tag: "Step", step: 0 }, end),
      judged("b", { _tag: "AnswerOnly" }, end),
      judged("c", { _tag: "NoClearError" }, end)
    ]
    const exact = Clinicians.stepAccuracy(cases, ["reward"], { seed: 13, draws: 200 }).filter(({ off }) => off === 0)
    expect(exact.map(({ subset, cases: n, hit }) => [subset, n, value(hit)])).toEqual([
      ["all", 3, 2 / 3],
      ["labelled", 1, 0],
      ["unlabelled", 2, 1]
    ])
    // Each expert judged one case, so every draw is the sample itself.
    expect(exact[0]?.hit).toMatchObject({ ci95: [2 / 3, 2 / 3] })
    expect(Clinicians.stepAccuracy([], ["reward"])[0]).toMatchObject({ hit: { reason: "no cases" }, chance: undefined })
  })
})
