import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { averagePrecision, Localisation, Resamplings, Selectors } from "../src/core/evaluation/index.ts"

const table = [
  { suspicion: [1, 3, 2], firstWrongStep: 1, hit: 1, reciprocal: 1 },
  { suspicion: [3, 3, 1], firstWrongStep: 1, hit: 1 / 2, reciprocal: 3 / 4 },
  { suspicion: [0, 0, 0, 0], firstWrongStep: 2, hit: 1 / 4, reciprocal: 25 / 48 },
  { suspicion: [5, 1], firstWrongStep: 1, hit: 0, reciprocal: 1 / 2 }
]
const rows = table.map(({ suspicion, firstWrongStep }, i) => ({
  promptId: `p${i}`,
  firstWrongStep,
  suspicion: { reward: suspicion, logProb: suspicion.map(() => 0) }
}))

describe("localise", () => {
  it.each(table)("golden: row $suspicion", ({ suspicion, firstWrongStep, hit, reciprocal }) => {
    expect(Localisation.hitAt1OfRow(suspicion, firstWrongStep)).toBeCloseTo(hit, 14)
    expect(Localisation.reciprocalRankOfRow(suspicion, firstWrongStep)).toBeCloseTo(reciprocal, 14)
  })

  it("golden: the four rows of the note, and a constant detector at exactly chance", () => {
    const [reward, logProb] = Localisation.localise(rows, ["reward", "logProb"], Resamplings.standard)
    expect(reward).toMatchObject({ rows: 4, nonFinite: 0 })
    expect(reward?.hitAt1).toHaveProperty("value", expect.closeTo(7 / 16, 14))
    expect(reward?.chance).toHaveProperty("value", expect.closeTo(17 / 48, 14))
    expect(reward?.normalised).toHaveProperty("value", expect.closeTo(4 / 31, 14))
    expect(logProb?.hitAt1).toEqual(logProb?.chance)
  })

  it("defect 25: a row that one detector cannot score is left out for all", () => {
    const short = { promptId: "q", firstWrongStep: 0, suspicion: { reward: [1, 2], logProb: [1] } }
    const outside = { promptId: "q", firstWrongStep: 2, suspicion: { reward: [1, 2], logProb: [1, 0] } }
    const results = Localisation.localise([...rows, short, outside], ["reward", "logProb"], Resamplings.standard)
    expect(results.map((r) => r.rows)).toEqual([4, 4])
  })

  it("edge: what no detector can place is left out: no steps, a step between steps or before the first", () => {
    const row = (firstWrongStep: number, reward: ReadonlyArray<number>) => ({
      promptId: "p",
      firstWrongStep,
      suspicion: { reward }
    })
    const results = Localisation.localise(
      [row(-1, [1, 2]), row(0.5, [1, 2]), row(0, []), row(2, [1, 2])],
      ["reward"],
      Resamplings.standard
    )
    expect(results[0]).toMatchObject({ rows: 0, hitAt1: { reason: "no trace that every detector can score" } })
    expect(Localisation.localise([row(0, [1])], ["other"], Resamplings.standard)[0]).toMatchObject({ rows: 0 })
    expect(Localisation.hitAt1OfRow([], 0)).toBe(0)
    expect(Localisation.reciprocalRankOfRow([1, 2], 5)).toBe(0)
  })

  it("golden: rows of one prompt are one unit of the interval; steps without a verdict are counted", () => {
    const rows = [0, 1].map((firstWrongStep) => ({
      promptId: "same",
      firstWrongStep,
      suspicion: { reward: [1, Number.NaN] }
    }))
    const [result] = Localisation.localise(rows, ["reward"], Resamplings.standard)
    expect(result).toMatchObject({ detector: "reward", rows: 2, nonFinite: 2 })
    expect(result!.hitAt1).toEqual({ _tag: "Estimate", value: 0.5, ci95: [0, 1], n: 1 })
    expect(result!.meanReciprocalRank).toMatchObject({ value: 0.75 })
    const four = [{ promptId: "p", firstWrongStep: 2, suspicion: { reward: [1, 2, 3, 0] } }]
    // Chance is ¼, so never is -⅓ and always is 1.
    expect(Localisation.localise(four, ["reward"], Resamplings.standard)[0]!.normalised).toEqual({
      _tag: "Estimate",
      value: 1,
      ci95: [expect.closeTo(-1 / 3, 14), 1],
      n: 1
    })
    // At chance, and as one prompt shows no spread, anything from never to always.
    expect(result!.normalised).toEqual({ _tag: "Estimate", value: 0, ci95: [-1, 1], n: 1 })
  })

  it("edge: no row, or single steps only, is not available with the reason", () => {
    const [none] = Localisation.localise([], ["reward"], Resamplings.standard)
    expect(none?.hitAt1).toEqual({ _tag: "NotAvailable", reason: "no wrong trace" })
    const single = [{ promptId: "p", firstWrongStep: 0, suspicion: { reward: [1] } }]
    const [result] = Localisation.localise(single, ["reward"], Resamplings.standard)
    expect(result?.normalised).toEqual({
      _tag: "NotAvailable",
      reason: "every trace has a single step, so chance is 1"
    })
  })

  it("golden: the first step of a fall has none before it and is never predicted", () => {
    expect(Localisation.drop([5, 3, 4, 1])).toEqual([Number.NaN, 2, 0, 3])
    expect(Localisation.hitAt1OfRow(Localisation.drop([5, 3, 4, 1]), 3)).toBe(1)
  })

  it("golden: values of tokens become values of steps", () => {
    const steps = [
      { start: 0, end: 2 },
      { start: 2, end: 5 }
    ]
    expect(Localisation.stepValues([1, 3, 5, Number.NaN, 7], steps, Selectors.mean)).toEqual([2, 6])
    expect(Localisation.lowest([2, 6])).toEqual([-2, -6])
  })
})

describe("average precision", () => {
  it("golden: as in scikit-learn where no suspicions tie", () => {
    const golden: { ranked: ReadonlyArray<number>; positive: ReadonlyArray<boolean>; averagePrecision: number } =
      JSON.parse(readFileSync(new URL("fixtures/separation.json", import.meta.url), "utf8"))
    expect(averagePrecision(golden.ranked, golden.positive)).toBeCloseTo(golden.averagePrecision, 12)
  })

  it("golden: one positive among three ties, by hand", () => {
    expect(averagePrecision([1, 1, 1], [true, false, false])).toBeCloseTo((1 + 1 / 2 + 1 / 3) / 3, 14)
  })

  it("edge: without a positive there is none", () => {
    expect(averagePrecision([1, 2], [false, false])).toBeUndefined()
  })
})
