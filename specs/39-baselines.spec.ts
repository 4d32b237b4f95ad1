import { describe, expect, it } from "vitest"
import { Outcomes } from "../src/core/data/index.ts"
import { evaluate } from "../src/core/kernel/index.ts"
import { Opsd, OutcomeJudges } from "../src/core/learner/index.ts"
import { Aggregations, PolicyLoss } from "../src/core/objective/index.ts"
import { input, Programs, reshape } from "../src/core/program/index.ts"
import type { Judged } from "../src/core/reward/index.ts"
import { Tensors } from "../src/core/tensor/index.ts"
import { grad } from "../src/core/transform/index.ts"

describe("on-policy self-distillation", () => {
  const opinions = {
    teacher: [Float64Array.of(-0.5, -4)],
    reference: [Float64Array.of(-1, -2)]
  }

  it("golden: the hand example's weights, and their clamp after the temperature", () => {
    expect(Opsd.weightsOf(opinions, {})).toEqual([[0.5, -2]])
    expect(Opsd.weightsOf(opinions, { temperature: 0.25, clamp: [-5, 1.5] })).toEqual([[1.5, -5]])
  })

  it("golden: the hand example's direct loss, whose gradient in log π is -w over the tokens", () => {
    const shape = [1, 3]
    const batch = {
      logProbs: input("logProbs", shape),
      oldLogProbs: input("logProbs", shape),
      referenceLogProbs: input("logProbs", shape),
      advantages: input("advantages", shape),
      mask: input("mask", shape)
    }
    const { loss } = PolicyLoss.weightedLikelihood(Aggregations.dapo).loss(batch)
    const [gradient] = grad(loss, [batch.logProbs])
    const found = evaluate(Programs.fromExprs({ loss: reshape(loss, []), gradient: gradient! }), {
      logProbs: Tensors.f64([-1, -2, -9], shape),
      advantages: Tensors.f64([0.5, -2, 7], shape),
      mask: Tensors.f64([1, 1, 0], shape)
    })
    expect(Tensors.item(found["loss"]!)).toBeCloseTo(-1.75, 12)
    expect(Array.from(found["gradient"]!.data)).toEqual([-0.25, 1, 0].map((x) => expect.closeTo(x, 12)))
  })
})

describe("learned and outcome rewards together", () => {
  const learned = { units: [1, 3], unitOf: [0, 0, 1] }
  const scored = (weight: number, value: number): Judged => ({ name: "f", weight, outcome: Outcomes.scored(value, "") })

  it("golden: units are w_0·r_k plus the weighted sum of outcomes", () => {
    const judged = [scored(2, 0.5), scored(0, 9), scored(-1, 3)]
    const options = { learnedWeight: 0.5, joins: "reward" as const }
    expect(OutcomeJudges.withOutcome(options, learned, judged)).toEqual({ units: [-1.5, -0.5], unitOf: [0, 0, 1] })
  })

  it("golden: as an advantage the sum is kept apart", () => {
    const options = { learnedWeight: 0.5, joins: "advantage" as const }
    expect(OutcomeJudges.withOutcome(options, learned, [scored(2, 0.5)])).toEqual({
      units: [0.5, 1.5],
      unitOf: [0, 0, 1],
      outcome: 1
    })
  })

  it("golden: a skipped verdict is left out; one that is missing takes the rollout out of its group", () => {
    const skipped: Judged = { name: "f", weight: 1, outcome: Outcomes.skipped("no gold answer") }
    const lost: Judged = { name: "g", weight: 1, outcome: Outcomes.timedOut(100) }
    const joins = "reward" as const
    expect(OutcomeJudges.withOutcome({ joins }, learned, [skipped])).toEqual(learned)
    expect(OutcomeJudges.withOutcome({ joins }, learned, [skipped, scored(1, 1)]).units).toEqual([2, 4])
    expect(OutcomeJudges.withOutcome({ joins }, learned, [lost, scored(1, 1)]).units).toEqual([])
    expect(OutcomeJudges.withOutcome({ joins: "advantage" }, learned, [lost])).toEqual(learned)
  })

  it("golden: each outcome reward has its mean and deviation, over the rollouts on which it has a verdict", () => {
    const rows = [[scored(1, 0)], [scored(1, 2)], [{ ...scored(1, 0), outcome: Outcomes.unverifiable("gold") }]]
    expect(OutcomeJudges.outcomeMetrics(rows)).toEqual({ "rewards/f/mean": 1, "rewards/f/std": Math.SQRT2 })
    expect(OutcomeJudges.outcomeMetrics(rows.slice(2), "eval/")).toEqual({ "eval/f/mean": null, "eval/f/std": null })
  })
})
