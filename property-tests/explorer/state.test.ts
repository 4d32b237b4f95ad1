import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Selectors } from "../../src/core/evaluation/index.ts"
import { pack } from "../../src/core/explorer/index.ts"
import type { KeyedRow } from "../../src/core/result/index.ts"
import {
  boundOf,
  everything,
  groupOf,
  heights,
  histogram,
  parted,
  partnerOf,
  type SortKey,
  select,
  siblingsOf,
  sort,
  unchanged
} from "../../src/page/index.ts"
import { anyRollouts, rollout } from "./rollouts.ts"

const settings = { seed: 42, numRuns: 200 }
const indexOf = (rows: ReadonlyArray<KeyedRow>) => pack([{ name: "a", rows }], { selector: Selectors.mean }).index

const three = indexOf([
  rollout({ prompt_id: "p", generation_idx: 0, words: ["a"], rewards: [0.5], correct: false }),
  rollout({ prompt_id: "p", generation_idx: 1, words: ["b"], correct: true }),
  rollout({ prompt_id: "q", generation_idx: 0, words: ["c"], rewards: [-1], correct: true })
])

describe("choosing rollouts", () => {
  it("golden: a verdict, a range of scores, and both", () => {
    expect(select(three, { ...everything, verdict: "right" })).toEqual([1, 2])
    expect(select(three, { ...everything, from: -1, to: 0 })).toEqual([2])
    expect(select(three, { ...everything, verdict: "wrong", to: 0 })).toEqual([])
  })

  it("defect 1: a rollout without a score comes last, whichever way the scores are sorted", () => {
    expect(sort(three, [0, 1, 2], { key: "score", descending: true })).toEqual([0, 2, 1])
    expect(sort(three, [0, 1, 2], { key: "score", descending: false })).toEqual([2, 0, 1])
  })

  it("law: every filter keeps a part in its order, and sorting only reorders", () =>
    fc.assert(
      fc.property(
        anyRollouts,
        fc.constantFrom("all", "right", "wrong", "none" as const),
        fc.constantFrom<SortKey>("place", "score", "logProb", "tokens", "verdict", "prompt"),
        fc.boolean(),
        (rows, verdict, key, descending) => {
          const index = indexOf(rows)
          const kept = select(index, { ...everything, verdict })
          expect(kept).toEqual([...kept].sort((a, b) => a - b))
          expect([...sort(index, kept, { key, descending })].sort((a, b) => a - b)).toEqual(kept)
        }
      ),
      settings
    ))

  it("law: the verdicts part the rollouts: each is right, wrong or without a verdict", () =>
    fc.assert(
      fc.property(anyRollouts, (rows) => {
        const index = indexOf(rows)
        const parts = (["right", "wrong", "none"] as const).flatMap((verdict) =>
          select(index, { ...everything, verdict })
        )
        expect(parts.sort((a, b) => a - b)).toEqual(rows.map((_, r) => r))
      }),
      settings
    ))

  it("law: a histogram counts each scored rollout once, and its bins choose what they count", () =>
    fc.assert(
      fc.property(anyRollouts, (rows) => {
        const index = indexOf(rows)
        const bins = histogram(index, select(index, everything))
        const counted = bins.reduce((sum, { right, wrong, none }) => sum + right + wrong + none, 0)
        expect(counted).toBe(index.rollouts.score.filter((score) => score !== null).length)
        const [first, last] = [bins[0], bins.at(-1)]
        if (first === undefined || last === undefined) return
        expect(select(index, { ...everything, from: first.lower, to: last.upper })).toHaveLength(counted)
      }),
      settings
    ))
})

describe("what a rollout is read beside", () => {
  it("golden: the expert of its prompt before all others, else the best of the other verdict", () => {
    const policy = (i: number, reward: number, correct: boolean) =>
      rollout({ prompt_id: "p", generation_idx: i, words: ["x"], rewards: [reward], correct })
    const expert = rollout({ prompt_id: "p", generation_idx: 9, words: ["y"], source: "expert", correct: true })
    expect(partnerOf(indexOf([policy(0, 1, false), policy(1, 2, true), expert]), 0)).toBe(2)
    expect(partnerOf(indexOf([policy(0, 1, false), policy(1, 2, true), policy(2, 3, true)]), 0)).toBe(2)
    expect(partnerOf(indexOf([policy(0, 1, false), policy(1, 2, false)]), 0)).toBeUndefined()
  })

  it("golden: a perturbed text beside its clean one, and the other way round, before any expert", () => {
    const of = (source: string, i: number) =>
      rollout({ prompt_id: "p", generation_idx: i, words: [source], source, correct: source !== "perturbed" })
    const index = indexOf(["expert", "clean", "perturbed", "policy"].map(of))
    expect([0, 1, 2, 3].map((r) => partnerOf(index, r))).toEqual([1, 2, 1, 0])
  })

  it("golden: scores of another file come from another reward: they are no part of the group, experts are", () => {
    const row = (i: number, reward: number, source = "policy") =>
      rollout({ prompt_id: "p", generation_idx: i, words: ["x"], rewards: [reward], correct: i === 1, source })
    const files = [
      [row(0, 1), row(1, 3)],
      [row(0, 9), row(7, 5, "expert")]
    ]
    const { index } = pack(
      files.map((rows, i) => ({ name: `${i}`, rows })),
      { selector: Selectors.mean }
    )
    expect(groupOf(index, 0)).toEqual([3, 1, 0])
    expect(siblingsOf(index, 0)).toEqual([2, 3, 1, 0])
    expect(index.colours.map(({ mean }) => mean)).toEqual([2, 7])
  })

  it("law: a group holds all completions of the prompt and no other", () =>
    fc.assert(
      fc.property(anyRollouts, (rows) => {
        const index = indexOf(rows)
        const group = groupOf(index, 0)
        expect([...group].sort((a, b) => a - b)).toEqual(
          rows.flatMap(({ prompt_id }, r) => (prompt_id === rows[0]!.prompt_id ? [r] : []))
        )
      }),
      settings
    ))
})

describe("steps and differences", () => {
  it("law: parting loses no token, whatever the ends", () =>
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.integer({ min: -2, max: 12 })), (tokens, ends) => {
        expect(parted(tokens, ends).flatMap((step) => step.tokens)).toEqual(tokens)
      }),
      settings
    ))

  it("golden: one changed word of four, one put in", () => {
    expect(unchanged(["a", "b", "c", "d"], ["a", "x", "c", "d"])).toEqual([true, false, true, true])
    expect(unchanged(["a", "b", "c"], ["a", "c"])).toEqual([true, false, true])
  })

  it("law: as many tokens stand unchanged on either side, and all of a text beside itself", () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c")), fc.array(fc.constantFrom("a", "b", "c")), (own, other) => {
        const count = (same: ReadonlyArray<boolean>) => same.filter(Boolean).length
        expect(count(unchanged(own, other))).toBe(count(unchanged(other, own)))
        expect(count(unchanged(own, own))).toBe(own.length)
      }),
      settings
    ))
})

describe("a trace at a glance", () => {
  const scale = { mean: 0, scale: 2 }
  const anyValues = fc.array(fc.option(fc.double({ min: -9, max: 9, noNaN: true })), { minLength: 1, maxLength: 60 })

  it("golden: a bar a token while there is room; where two share one, the farther from the middle stands", () => {
    expect(heights([1, -2, null], scale, 9)).toEqual([0.5, -1, 0])
    expect(heights([1, -2, 0.5, 1], scale, 2)).toEqual([-1, 0.5])
  })

  it("law: however short the drawing, its farthest bar is that of the trace", () =>
    fc.assert(
      fc.property(anyValues, fc.integer({ min: 1, max: 60 }), (values, most) => {
        const [all, few] = [heights(values, scale, values.length), heights(values, scale, most)]
        const reach = (bars: ReadonlyArray<number>) => Math.max(...bars.map(Math.abs))
        expect(few).toHaveLength(Math.min(most, values.length))
        expect(reach(few)).toBe(reach(all))
      }),
      settings
    ))
})

describe("a bound as typed", () => {
  it("golden: either minus, either decimal sign, none, and no number", () =>
    expect(["-1.5", " −1,5 ", "", "high"].map(boundOf)).toEqual([-1.5, -1.5, null, undefined]))
})

describe("packing", () => {
  it("law: blocks hold every trace once, in order, with a value a token", () =>
    fc.assert(
      fc.property(anyRollouts, fc.integer({ min: 1, max: 7 }), (rows, blockSize) => {
        const { blocks } = pack([{ name: "a", rows }], { selector: Selectors.mean, blockSize })
        const traces = blocks.flat()
        expect(traces.map(({ text }) => text)).toEqual(rows.map(({ generation }) => generation.content))
        expect(traces.map(({ rewards }) => rewards)).toEqual(rows.map((row) => row.reward_model_score ?? []))
      }),
      settings
    ))

  it("defect 6: a value that could not be computed keeps its place", () => {
    const row = rollout({ prompt_id: "p", generation_idx: 0, words: ["a", "b", "c"], rewards: [1, null, 3] })
    const { index, blocks } = pack([{ name: "a", rows: [row] }], { selector: Selectors.mean })
    expect(blocks[0]![0]!.rewards).toEqual([1, null, 3])
    expect(index.rollouts.score).toEqual([2])
  })

  it("edge: a trace without rewards has no score, never 0", () => {
    expect(three.rollouts.score).toEqual([0.5, null, -1])
  })
})
