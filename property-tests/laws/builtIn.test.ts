import { describe, expect, it } from "vitest"
import * as Laws from "../../src/core/laws/index.ts"
import {
  Advantage,
  type AdvantageEstimator,
  Aggregations,
  Discriminator,
  type DiscriminatorObjective,
  KlEstimators,
  PolicyLoss,
  RewardForms,
  type Slopes
} from "../../src/core/objective/index.ts"
import { add, type Expr, mean, mul, relu, sub, sum } from "../../src/core/program/index.ts"
import {
  arithmeticPerturbation,
  corruptAnswerNearbyNumber,
  corruptAnswerWithThinkNumber,
  corruptNumbers,
  flipOperatorInOneStep,
  Granularities,
  type Perturbation,
  Perturbations
} from "../../src/core/reward/index.ts"
import { StepRules } from "../../src/core/text/index.ts"

const hold = (laws: ReadonlyArray<Laws.Law>) => {
  for (const { name, check } of laws) it(`law: ${name}`, () => check())
}

describe("granularities", () => {
  const { sparse, dense, stepwise, interval } = Granularities
  for (const one of [sparse, dense, stepwise(), stepwise(StepRules.lines), interval(1), interval(15)]) {
    hold(Laws.granularity(one))
  }
  hold(Laws.intervals(interval))
})

describe("advantages", () => {
  hold(Laws.advantage(Advantage.groupRelative(), { zeroMeanOfRollouts: true, scale: "invariant" }))
  hold(Laws.advantage(Advantage.groupRelative({ floor: 1 }), { zeroMeanOfRollouts: true }))
  hold(Laws.advantage(Advantage.groupRelative({ scale: "none" }), { zeroMeanOfRollouts: true, scale: "proportional" }))
  hold(Laws.advantage(Advantage.positivePart(Advantage.groupRelative())))
  for (const gamma of [0, 0.9, 1]) hold(Laws.advantage(Advantage.discounted(gamma), { scale: "invariant" }))
  for (const gamma of [0, 0.9, 1]) hold(Laws.advantage(Advantage.unitRelative({ gamma }), { scale: "invariant" }))
  hold(Laws.advantage(Advantage.averageDense(), { zeroMeanOfRollouts: true, scale: "invariant" }))
  hold(Laws.advantage(Advantage.segmentLocal(), { scale: "invariant" }))
  hold(Laws.advantage(Advantage.leaveOneOut({ gamma: 0.9 }), { scale: "proportional" }))
})

describe("objectives", () => {
  // Each class weighs ½, a logit's derivative is at most 1.
  const smoothed = { nonNegative: true, gradientBound: 1 }
  // A trace counts as one, and its share depends on its other units.
  const ofTraces = { unitsExchangeable: false, additive: false, nonNegative: true }
  hold(Laws.discriminator(Discriminator.bce({ labelSmoothing: 0 }), smoothed))
  hold(Laws.discriminator(Discriminator.bce({ labelSmoothing: 0.1 }), smoothed))
  hold(
    Laws.discriminator(Discriminator.bce({ labelSmoothing: 0.1, average: "traces" }), { ...ofTraces, gradientBound: 1 })
  )
  hold(Laws.discriminator(Discriminator.bce({ labelSmoothing: 0.1, expertShare: "units" }), smoothed))
  // Each pair pulls at both of its traces.
  hold(Laws.discriminator(Discriminator.pairwise({ margin: 0 }), { ...ofTraces, gradientBound: 2 }))
  hold(Laws.discriminator(Discriminator.wgan({ gradientPenalty: 0 }), { gradientBound: 2 }))
  for (const gradientPenalty of [0.1, 10]) {
    hold(Laws.discriminator(Discriminator.wgan({ gradientPenalty }), { gradientBound: 2 }))
    hold(Laws.gradientPenalty(Discriminator.wgan({ gradientPenalty })))
  }
  hold(Laws.policy(PolicyLoss.grpo({ clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0 }), { withoutKl: true }))
  for (const aggregation of [Aggregations.bnpo, Aggregations.drGrpo(8), Aggregations.dapo]) {
    const clipped = { clipLow: 0.2, clipHigh: 0.28, klCoefficient: 0, aggregation }
    const additive = aggregation !== Aggregations.bnpo
    hold(Laws.policy(PolicyLoss.clippedSurrogate(clipped), { withoutKl: true, additive }))
  }
  hold(Laws.policy(PolicyLoss.grpo({ clipLow: 0.1, clipHigh: 0.3, klCoefficient: 0.1 }), { withoutKl: false }))
})

describe("estimators of KL", () => {
  hold(Laws.klEstimator(KlEstimators.k1, { unbiased: true, nonNegative: false }))
  hold(Laws.klEstimator(KlEstimators.k2, { unbiased: false, nonNegative: true }))
  hold(Laws.klEstimator(KlEstimators.k3, { unbiased: true, nonNegative: true }))
})

describe("reward forms", () => {
  for (const form of [RewardForms.logit, RewardForms.logRatio, RewardForms.gail, RewardForms.logExpert]) {
    hold(Laws.rewardForm(form))
    hold(Laws.rewardForm(RewardForms.scaled(form, { temperature: 2, clamp: [-5, 5] })))
  }
})

describe("perturbations", () => {
  const single = [flipOperatorInOneStep, corruptNumbers, corruptAnswerNearbyNumber, corruptAnswerWithThinkNumber]
  for (const one of [...single, arithmeticPerturbation(), Perturbations.chain(single)]) hold(Laws.perturbation(one))
})

describe("laws can fail", () => {
  const broken = (laws: ReadonlyArray<Laws.Law>): ReadonlyArray<string> =>
    laws.flatMap(({ name, check }) => {
      try {
        check()
        return []
      } catch {
        return [name.slice(name.indexOf(": ") + 2)]
      }
    })

  it("error: units without the last token, advantages that follow the order, an objective that sees padding", () => {
    const short = { name: "short", partition: () => ({ ends: Int32Array.of(), unitOf: Int32Array.of() }) }
    expect(broken(Laws.granularity(short))).toContain(
      "every token is in one unit, units are in order, the last token ends one"
    )
    const byPlace: AdvantageEstimator = {
      name: "by place",
      estimate: (group) => group.map(({ unitOf }, i) => new Float64Array(unitOf.length).fill(i))
    }
    expect(broken(Laws.advantage(byPlace))).toEqual([
      "equal rewards give no advantage",
      "rollouts in another order have their advantages in that order"
    ])
    const raw: AdvantageEstimator = {
      name: "raw",
      estimate: (group) => group.map(({ units, unitOf }) => Float64Array.from(unitOf, (k) => units[k]!))
    }
    expect(broken(Laws.advantage(raw))).toEqual([
      "equal rewards give no advantage",
      "a reward added to all changes nothing"
    ])
  })

  it("error: claims that do not hold are found out", () => {
    const perTrace = Discriminator.bce({ labelSmoothing: 0.1, average: "traces" })
    expect(broken(Laws.discriminator(perTrace, { gradientBound: 0.5 }))).toEqual([
      "units in another order, across traces, give the same loss",
      "losses and gradients of micro-batches add up to the whole's",
      "a trace that is there twice with half its weight counts once",
      "however wrong, no gradient pulls harder than 0.5 in all"
    ])
    expect(broken(Laws.discriminator(Discriminator.wgan({ gradientPenalty: 0 }), { nonNegative: true }))).toEqual([
      "no loss is negative"
    ])
    const bnpo = { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0, aggregation: Aggregations.bnpo }
    expect(broken(Laws.policy(PolicyLoss.clippedSurrogate(bnpo), { withoutKl: true }))).toEqual([
      "losses and gradients of micro-batches add up to the whole's"
    ])
    const claims = { unbiased: true, nonNegative: true }
    expect(broken(Laws.klEstimator(KlEstimators.k1, claims))).toEqual(["no token's estimate is below 0"])
    expect(broken(Laws.klEstimator(KlEstimators.k2, claims))).toEqual([
      "KL(π ‖ π_ref) in the mean over the policy's tokens"
    ])
    expect(broken(Laws.advantage(Advantage.groupRelative({ scale: "none" }), { scale: "invariant" }))).toEqual([
      "rewards times c have the same advantages"
    ])
    expect(broken(Laws.advantage(Advantage.groupRelative(), { scale: "proportional" }))).toEqual([
      "rewards times c have c times the advantages"
    ])
  })

  it("error: a penalty on the mean slope, one that only steep critics pay, and none at all", () => {
    const [zero, pull] = [
      "the penalty is 0 exactly for critics of unit gradient, and above 0 for others",
      "the penalty pulls every slope towards 1"
    ]
    const penalised = (name: string, penalty: (slopes: Slopes) => Expr): DiscriminatorObjective => ({
      name,
      needs: { slopes: true },
      loss: ({ logits, slopes }) => ({ loss: add(mean(logits), penalty(slopes!)), metrics: {} })
    })
    const squared = (x: Expr) => mean(mul(x, x))
    const found = (name: string, penalty: (slopes: Slopes) => Expr) =>
      broken(Laws.gradientPenalty(penalised(name, penalty)))
    expect(found("each", ({ norms }) => squared(sub(norms, 1)))).toEqual([])
    expect(found("mean", ({ norms }) => squared(sub(mean(norms), 1)))).toEqual([zero, pull])
    expect(found("steep", ({ norms }) => squared(relu(sub(norms, 1))))).toEqual([zero, pull])
    expect(found("towards 0", ({ norms }) => squared(norms))).toEqual([zero, pull])
    expect(broken(Laws.gradientPenalty(Discriminator.bce({ labelSmoothing: 0 })))).toEqual([zero, pull])
  })

  it("error: an interval that counts from 0, a reward that falls, a span that starts too early, padding that counts", () => {
    const late = (n: number) => Granularities.interval(n + 1)
    expect(broken(Laws.intervals(late)).length).toBeGreaterThan(0)
    expect(broken(Laws.rewardForm({ name: "against: it", reward: (f) => -Math.exp(f) }))).toHaveLength(2)
    const wide: Perturbation = {
      name: "wide",
      apply: (text, rng) => {
        const result = corruptNumbers.apply(text, rng)
        return result._tag === "Unchanged" ? result : { ...result, span: { start: 0, end: result.text.length } }
      }
    }
    expect(broken(Laws.perturbation(wide))).toEqual([
      "text outside the span is the expert's, and its first character is not"
    ])
    const grpo = PolicyLoss.grpo({ clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0 })
    const leaning = {
      ...grpo,
      loss: (b: Parameters<typeof grpo.loss>[0]) => {
        const { loss, metrics } = grpo.loss(b)
        return { loss: add(loss, mul(sum(mul(b.logProbs, b.mask)), b.mask.shape[1]! / 100)), metrics }
      }
    }
    expect(broken(Laws.policy(leaning, { withoutKl: false }))).toContain(
      "padding on either side, of any width, changes nothing"
    )
  })

  it("error: a loss with labels the wrong way round, a policy loss without clipping's pessimism", () => {
    const bce = Discriminator.bce({ labelSmoothing: 0 })
    const swapped = {
      ...bce,
      loss: (u: Parameters<typeof bce.loss>[0]) => bce.loss({ ...u, expert: u.policy, policy: u.expert })
    }
    expect(broken(Laws.discriminator(swapped, { additive: false }))).toEqual([
      "at a logit of 0 the expert is pushed up and the policy down"
    ])
    const grpo = PolicyLoss.grpo({ clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0 })
    const unmasked = { ...grpo, loss: (b: Parameters<typeof grpo.loss>[0]) => grpo.loss({ ...b, mask: b.logProbs }) }
    expect(broken(Laws.policy(unmasked, { withoutKl: true }))).toContain(
      "tokens outside the mask move nothing and are not moved"
    )
  })
})
