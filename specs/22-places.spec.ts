import { describe, expect, it } from "vitest"
import {
  edits,
  Grids,
  Localisation,
  localisePlaces,
  Measurements,
  type PlaceRow,
  Places,
  Resamplings,
  spike,
  Targets,
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
    expect(Grids.coarsen(Grids.interval(2), [Number.NaN, Number.POSITIVE_INFINITY, 1])).toEqual([Number.NaN, 1])
    expect(Grids.coarsen(Grids.token, [1, Number.POSITIVE_INFINITY])).toEqual([1, Number.NaN])
    expect(Grids.place(Grids.interval(15), 29)).toBe(1)
    expect(Grids.interval(1).width).toBe(1)
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
    expect(flat.belowChance).toBe(false)
  })

  it("defect 22: a signal that is not of the trace's tokens is no part, and one that is far below chance is told", () => {
    const values = [5, 5, 5, 1, 1, 1]
    const sound = { ...row("p", values, [3]), tokens: 6 }
    expect(judge([sound], Grids.token, 0)).toMatchObject({ hit: { value: 1 }, rows: 1 })
    // Without the end token, as two of the reference's three readers had it.
    const short = { ...row("p", values.slice(1), [3]), tokens: 6 }
    expect(judge([sound, short], Grids.token, 0)).toMatchObject({ hit: { value: 1 }, rows: 1, leftOut: 1 })
    const shifted = Array.from({ length: 30 }, (_, p) => row(`p${p}`, [5, 5, 1, 1], [1]))
    expect(judge(shifted, Grids.token, 0)).toMatchObject({ hit: { value: 0 }, belowChance: true })
    expect(judge([...shifted.slice(1), row("p", [5, 1, 1, 1], [1])], Grids.token, 0).belowChance).toBe(true)
    const right = shifted.map((one, p) => (p % 2 === 0 ? one : row(one.promptId, [5, 1, 1, 1], [1])))
    expect(judge(right, Grids.token, 0).belowChance).toBe(false)
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

  it("golden: all measures of the note's first and last rows, within one place of the target", () => {
    const result = judge([row("a", [5, 5, 3, 2, 1], [3]), row("b", [1, 1, 1, 1, 1], [1, 2])])
    // Row a: 0 2 1 1 with place 3 wanted and 2 3 4 near; row b: four ties with 1 2 wanted and 1 2 3 near.
    const expected = {
      hit: (1 + 3 / 4) / 2,
      chance: 3 / 4,
      normalised: 1 / 2,
      meanAveragePrecision: (5 / 12 + 49 / 72) / 2,
      averagePrecisionChance: (25 / 48 + 49 / 72) / 2,
      meanReciprocalRank: (5 / 12 + 13 / 18) / 2,
      reciprocalRankChance: (25 / 48 + 13 / 18) / 2,
      mass: (1 + 3 / 4) / 2
    }
    for (const [name, mean] of Object.entries(expected))
      expect(result[name as keyof typeof expected]).toMatchObject({ value: expect.closeTo(mean, 14), n: 2 })
  })

  it("golden: the rise of an entropy has none before the first place", () =>
    expect(spike([1, 4, 2, 6])).toEqual([Number.NaN, 3, 0, 4]))

  it("edge: a region may reach beyond the trace; an error beyond the region cannot be predicted", () => {
    const base = row("p", [9, 9, 9, 9, 1], [4])
    expect(value(judge([{ ...base, region: { start: 0, end: 99 } }], Grids.token, 0).chance)).toBe(1 / 4)
    expect(judge([{ ...base, region: { start: 0, end: 4 } }], Grids.token, 0)).toMatchObject({
      rows: 0,
      hit: { reason: "no trace that every detector can be judged on" }
    })
    expect([1, 0].map((limit) => withinSpan(limit)({ ...base, targets: [0] }))).toEqual([true, false])
    expect([3, 4].map((end) => withinSpan(9)({ ...base, targets: [3], region: { start: 0, end } }))).toEqual([
      false,
      true
    ])
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
    expect(Targets.differingTokens([1, 2, 3, 4], [1, 8, 9, 4])).toEqual([1, 2])
    for (const unedited of [[1, 2], []]) expect(Targets.differingTokens(unedited, unedited)).toEqual([])
    expect(Targets.differingTokens([1], [])).toEqual([])
  })

  it("golden: a token that an edit shares with what follows it is not taken from there", () => {
    const [a, b, t, x] = ["a", "b", "t", "x"]
    expect(edits([a, t, x, t], [b, a, t])).toEqual([
      { clean: [0, 0], perturbed: [0, 1] },
      { clean: [1, 3], perturbed: [2, 2] }
    ])
    expect(edits([b, a, t], [a, t, x, t])).toEqual([
      { clean: [0, 1], perturbed: [0, 0] },
      { clean: [2, 2], perturbed: [1, 3] }
    ])
    // Of two alignments of one length, the one that leaves out the earlier clean token.
    expect(edits([a, b], [b, a])).toEqual([
      { clean: [0, 1], perturbed: [0, 0] },
      { clean: [2, 2], perturbed: [1, 2] }
    ])
  })

  it("edge: long traces are aligned between their equal ends; where that is too long, the whole of it is one edit", () => {
    const long = Array.from({ length: 8000 }, (_, t) => t)
    expect(edits(long, long.with(4000, -1))).toEqual([{ clean: [4000, 4001], perturbed: [4000, 4001] }])
    expect(edits(long, long.toSpliced(7000, 1))).toEqual([{ clean: [7000, 7001], perturbed: [7000, 7000] }])
    const shared = 3000
    const other = long.map((t) => (t === 0 || t === shared || t > 6000 ? t : -1))
    expect(edits(long, other)).toEqual([{ clean: [1, 6001], perturbed: [1, 6001] }])
  })

  it("golden: tokens that only touch a span are not of it; words are told apart by what is between white space", () => {
    const bounds = [0, 2, 5, 8]
    const spans = [
      { start: 2, end: 5 },
      { start: 1, end: 3 },
      { start: 8, end: 9 }
    ]
    expect(spans.map((span) => Targets.tokensOfSpan(bounds, span))).toEqual([[1], [0, 1], []])
    expect(Targets.tokensOfSpan([], { start: 0, end: 1 })).toEqual([])
    const words = [
      ["a bc d", "a  bx d", { start: 3, end: 5 }],
      ["a", "a b", { start: 2, end: 3 }],
      [" ", " x", { start: 1, end: 2 }],
      ["a b", " a\nb ", undefined],
      ["a b", "a", undefined]
    ] as const
    for (const [clean, perturbed, span] of words) expect(Targets.firstDifferingWord(clean, perturbed)).toEqual(span)
  })

  it("edge: without both wordings of the step, or where they are the same, all that differs is the target", () => {
    const trace = {
      clean: [1, 5, 3],
      perturbed: [1, 2, 4],
      bounds: [0, 2, 5, 8],
      step: { start: 3, end: 8 },
      originalStep: "cd eg",
      perturbedStep: "cd ef"
    }
    expect(Targets.stepFirstDiff(trace)).toEqual([2])
    const { originalStep: _original, ...noOriginal } = trace
    const { perturbedStep: _perturbed, ...noPerturbed } = trace
    for (const unknown of [noOriginal, noPerturbed, { ...trace, perturbedStep: "cd eg" }])
      expect(Targets.stepFirstDiff(unknown)).toEqual([1, 2])
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
