import { describe, expect, it } from "vitest"
import {
  Advantage,
  Aggregations,
  Discriminator,
  KlEstimators,
  PolicyLoss,
  RewardForms,
  SamplerCorrections,
  Segment
} from "../../src/core/objective/index.ts"

/** Names stand in logs and tables: whatever tells two values apart has to be in them, and defaults are left out. */
const named = (cases: ReadonlyArray<readonly [value: { readonly name: string }, name: string]>): void => {
  for (const [value, name] of cases) expect(value.name).toBe(name)
  expect(new Set(cases.map(([value]) => value.name)).size).toBe(cases.length)
}

describe("names", () => {
  it("golden: of advantage estimators", () => {
    const select = (units: ReadonlyArray<number>): number => Math.min(...units)
    named([
      [Advantage.groupRelative(), "group-relative(mean)"],
      [Advantage.groupRelative({ select, selector: "min" }), "group-relative(min)"],
      [Advantage.groupRelative({ floor: 0.5 }), "group-relative(mean, floor=0.5)"],
      [Advantage.groupRelative({ scale: "none" }), "group-relative(mean, unscaled)"],
      [Advantage.batchScaled(), "batch-scaled(mean)"],
      [Advantage.averageDense(), "average-dense(token mean)"],
      [Advantage.averageDense({ floor: 1, scale: "none" }), "average-dense(token mean, floor=1, unscaled)"],
      [Advantage.plusOutcome(Advantage.discounted(0.9)), "discounted(γ=0.9) + outcome"],
      [Advantage.positivePart(Advantage.groupRelative()), "positive(group-relative(mean))"],
      [Advantage.discounted(0.5), "discounted(γ=0.5)"],
      [Advantage.discountedDense({ gamma: 0.9 }), "discounted-dense(γ=0.9)"],
      [Advantage.leaveOneOut({ gamma: 1 }), "leave-one-out(γ=1)"],
      [Advantage.segmentLocal(), "segment-local()"],
      [
        Advantage.segmentLocal({ local: { signal: Advantage.LocalSignals.dropF, weight: 0.05 } }),
        "segment-local(0.05·drop_f)"
      ],
      [Advantage.unitRelative({ gamma: 1 }), "unit-relative(γ=1)"],
      [Advantage.unitRelative({ gamma: 0.5, scale: "none" }), "unit-relative(γ=0.5, unscaled)"]
    ])
    expect(Advantage.overGroups(Advantage.discounted(0.5)).name).toBe("discounted(γ=0.5)")
    expect(Object.values(Advantage.LocalSignals).map(({ name }) => name)).toEqual(["g", "clipped_delta_f", "drop_f"])
  })

  it("golden: of discriminator objectives", () => {
    const bce = Discriminator.bce({ labelSmoothing: 0.1 })
    named([
      [bce, "bce(ε=0.1)"],
      [Discriminator.bce({ labelSmoothing: 0, expertShare: 0.3 }), "bce(ε=0, expert share 0.3)"],
      [
        Discriminator.bce({ labelSmoothing: 0, expertShare: "units", average: "traces" }),
        "bce(ε=0, expert share units, per trace)"
      ],
      [Discriminator.entropyBonus(bce, 0.01), "bce(ε=0.1) + entropy(0.01)"],
      [Discriminator.pairwise({ margin: 0.5 }), "pairwise(m=0.5)"],
      [Discriminator.wgan({ gradientPenalty: 10 }), "wgan(λ=10)"]
    ])
    const segment = Segment.segmentCritic({ objective: bce, gamma: 0.9, potentialPenalty: 0, shapePenalty: 0 })
    expect(segment.name).toBe("segment(bce(ε=0.1), γ=0.9)")
    named([
      [Segment.rewardG, "g"],
      [Segment.rewardF, "f"],
      [Segment.rewardGPlusShape(0.5), "g + 0.5·shape"]
    ])
  })

  it("golden: of policy objectives and their parts", () => {
    const plain = { clipLow: 0.2, clipHigh: 0.28, klCoefficient: 0, aggregation: Aggregations.dapo }
    const correction = SamplerCorrections.truncated({ level: "token", cap: 2 })
    named([
      [PolicyLoss.grpo(plain), "grpo(clip=0.2/0.28, β=0)"],
      [PolicyLoss.clippedSurrogate(plain), "dapo(clip=0.2/0.28, β=0)"],
      [
        PolicyLoss.clippedSurrogate({ ...plain, ratio: "token" as const, klCoefficient: 1 }),
        "dapo(clip=0.2/0.28, β=1)"
      ],
      [
        PolicyLoss.clippedSurrogate({
          ...plain,
          ratio: "sequence",
          ratioBound: 3,
          klEstimator: KlEstimators.k1,
          klWeighted: true,
          correction
        }),
        "dapo(clip=0.2/0.28, δ=3, sequence ratio, β=0, k1, ratio-weighted KL, truncated(token, 2))"
      ]
    ])
    named([
      [Aggregations.grpo, "grpo"],
      [Aggregations.bnpo, "bnpo"],
      [Aggregations.drGrpo(8), "dr_grpo(8)"],
      [Aggregations.dapo, "dapo"]
    ])
    named([
      [KlEstimators.k1, "k1"],
      [KlEstimators.k2, "k2"],
      [KlEstimators.k3, "k3"]
    ])
    named([
      [correction, "truncated(token, 2)"],
      [SamplerCorrections.truncated({ level: "sequence", cap: 3, floor: 0.5 }), "truncated(sequence, 0.5..3)"],
      [SamplerCorrections.masked({ level: "token", cap: 2, floor: 0 }), "masked(token, 2)"]
    ])
  })

  it("golden: of reward forms", () =>
    named([
      [RewardForms.logit, "f"],
      [RewardForms.logRatio, "log D - log(1-D)"],
      [RewardForms.gail, "-log(1-D)"],
      [RewardForms.logExpert, "log D"],
      [RewardForms.scaled(RewardForms.gail, { temperature: 2 }), "-log(1-D), τ=2"],
      [RewardForms.scaled(RewardForms.logExpert, { clamp: [-5, 5] }), "log D in [-5, 5]"],
      [RewardForms.scaled(RewardForms.logit, { temperature: 0.5, clamp: [-1, 1] }), "f, τ=0.5 in [-1, 1]"]
    ]))
})
