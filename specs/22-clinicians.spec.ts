import { describe, expect, it } from "vitest"
import { Clinicians, type JudgedCase, Measurements } from "../src/core/evaluation/index.ts"

const value = Measurements.value
const few = { seed: 13, draws: 50 }

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

  it("golden: ties share the hit; what changes outside the steps is not seen; without steps or signal there is none", () => {
    // Tied at 2 (nearest to the first step) and 5 (the last step); the change at 0 comes before the first step.
    const late = {
      ...judged("a", { _tag: "Step", step: 2 }, [9, 0, 1, 0, 0, 1]),
      steps: [{ start: 1, end: 3 }, ...steps.slice(1)]
    }
    expect([0, 1, 2].map((off) => Clinicians.stepHit(late, "reward", off))).toEqual([1 / 2, 1 / 2, 1])
    const first = { ...late, label: { _tag: "Step", step: 0 } } as const
    for (const off of [0, 1]) {
      expect(Clinicians.stepHit({ ...first, steps }, "entropy", off)).toBe(0)
      expect(Clinicians.stepHit({ ...first, steps: [] }, "reward", off)).toBe(0)
    }
  })

  it("edge: a case that a detector has no transitions for, or without steps, is for no detector", () => {
    const rest = { logProb: [0, 0, 0, 0, 0, 1] }
    const one = judged("a", { _tag: "Step", step: 2 }, rest.logProb)
    const both = { ...one, transitions: { ...one.transitions, ...rest } }
    const rows = Clinicians.stepAccuracy([both, one, { ...both, steps: [] }], ["reward", "logProb"], few)
    expect(rows.filter(({ subset }) => subset !== "unlabelled").map(({ cases }) => cases)).toEqual(new Array(8).fill(1))
  })

  it("golden: accuracy above that of a random step; one case shows no spread", () => {
    const end = [0, 0, 0, 0, 0, 1]
    const two = [judged("a", { _tag: "Step", step: 2 }, end), judged("b", { _tag: "Step", step: 1 }, end)]
    const [exact, near, , , none] = Clinicians.stepAccuracy(two, ["reward"], few)
    // Chances: 1/3 of each exactly; one step off 2/3 of the first and all of the second.
    expect(exact).toMatchObject({ hit: { value: 1 / 2, n: 2 }, normalised: { value: expect.closeTo(1 / 4, 14) } })
    expect(exact?.chance).toBeCloseTo(1 / 3, 14)
    expect(near).toMatchObject({ hit: { value: 1 }, normalised: { value: 1 } })
    expect(near?.chance).toBeCloseTo(5 / 6, 14)
    expect(none).toMatchObject({ subset: "unlabelled", cases: 0, normalised: { reason: "no cases" } })
    const single = { ...two[0]!, steps: [{ start: 0, end: 6 }], label: { _tag: "Step", step: 0 } } as const
    const [alone] = Clinicians.stepAccuracy([single], ["reward"], few)
    expect(alone).toMatchObject({ hit: { value: 1, ci95: [0, 1], n: 1 }, normalised: { reason: "chance is 1" } })
  })

  it("golden: the interval of 4 hits in 8 cases of one expert is that of Binomial(8, ½) / 8", () => {
    const cases = Array.from({ length: 8 }, (_, i) => ({
      ...judged("one", { _tag: "Step", step: i % 2 === 0 ? 2 : 0 }, [0, 0, 0, 0, 0, 1])
    }))
    // P(X <= 0) = 1/256 and P(X <= 1) = 9/256 lie on the two sides of 2.5%.
    const [all] = Clinicians.stepAccuracy(cases, ["reward"], { seed: 13, draws: 4000 })
    expect(all?.hit).toMatchObject({ value: 1 / 2, ci95: [1 / 8, 7 / 8], n: 8 })
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
