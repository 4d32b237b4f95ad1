import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Laws from "../../src/core/laws/index.ts"
import {
  Advantage,
  type AdvantageEstimator,
  Aggregations,
  type BatchAdvantageEstimator,
  Discriminator,
  type DiscriminatorObjective,
  KlEstimators,
  PolicyLoss,
  type PolicyObjective,
  type RewardForm,
  RewardForms,
  SamplerCorrections,
  Segment,
  type Slopes
} from "../../src/core/objective/index.ts"
import { add, cumSum, type Expr, full, mean, mul, relu, sub, sum } from "../../src/core/program/index.ts"
import {
  arithmeticPerturbation,
  corruptNumbers,
  equationPerturbations,
  Granularities,
  type Perturbation,
  Perturbations,
  referencePerturbations,
  storedCorruptions
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
  const { averageDense, batchScaled, discounted, discountedDense, groupRelative, leaveOneOut, positivePart } = Advantage
  const { LocalSignals, plusOutcome, plusOutcomes, returnsToGo, segmentLocal, unitRelative } = Advantage
  /** A batch of one group. */
  const alone = ({ name, estimateBatch }: BatchAdvantageEstimator): AdvantageEstimator => ({
    name,
    estimate: (group) => estimateBatch([group])[0]!
  })
  const centred = { zeroMeanOfRollouts: true, scale: "invariant" } as const
  const proportional = { scale: "proportional" } as const
  const tokens = { as: "sum", over: "tokens" } as const
  const units = { as: "mean", over: "units" } as const
  hold(Laws.advantage(groupRelative(), centred))
  hold(Laws.advantage(groupRelative({ floor: 1 }), { zeroMeanOfRollouts: true }))
  hold(Laws.advantage(groupRelative({ scale: "none" }), { ...centred, ...proportional }))
  hold(Laws.advantage(positivePart(groupRelative())))
  hold(Laws.advantage(alone(batchScaled()), centred))
  hold(Laws.advantage(alone(plusOutcomes(batchScaled())), centred))
  hold(Laws.advantage(plusOutcome(groupRelative()), centred))
  hold(Laws.advantage(averageDense(), { ...centred, ofTokens: true }))
  for (const gamma of [0, 0.9, 1]) hold(Laws.advantage(discounted(gamma), { scale: "invariant" }))
  hold(Laws.discountedAdvantage(discounted, units))
  for (const gamma of [0, 0.9]) hold(Laws.advantage(unitRelative({ gamma }), { scale: "invariant" }))
  hold(Laws.advantage(unitRelative({ gamma: 1 }), centred))
  hold(Laws.advantage(unitRelative({ gamma: 0.9, scale: "none" }), proportional))
  hold(Laws.discountedAdvantage((gamma) => unitRelative({ gamma }), units))
  for (const gamma of [0, 0.9, 1]) hold(Laws.advantage(discountedDense({ gamma }), { ofTokens: true }))
  hold(Laws.discountedAdvantage((gamma) => discountedDense({ gamma, smallestWeight: 0 }), tokens))
  for (const gamma of [0, 0.9, 1]) hold(Laws.advantage(leaveOneOut({ gamma }), { ...proportional, ofTokens: true }))
  hold(Laws.discountedAdvantage((gamma) => leaveOneOut({ gamma, smallestWeight: 0 }), tokens))
  hold(Laws.advantage(segmentLocal(), { scale: "invariant" }))
  for (const signal of Object.values(LocalSignals))
    hold(Laws.advantage(segmentLocal({ local: { signal, weight: 0.5 } })))
  hold(Laws.returns("returnsToGo", returnsToGo, "sum"))
})

describe("objectives", () => {
  // Each class weighs ½, a logit's derivative is at most 1.
  const smoothed = { nonNegative: true, gradientBound: 1 }
  // σ(f) = 1 - ε at ε = 0.1.
  const bestLogit = Math.log(9)
  // A trace counts as one, and its share depends on its other units.
  const ofTraces = { unitsExchangeable: false, additive: false, nonNegative: true }
  hold(Laws.discriminator(Discriminator.bce({ labelSmoothing: 0 }), smoothed))
  hold(Laws.discriminator(Discriminator.bce({ labelSmoothing: 0.1 }), { ...smoothed, bestLogit }))
  hold(
    Laws.discriminator(Discriminator.bce({ labelSmoothing: 0.1, average: "traces" }), {
      ...ofTraces,
      gradientBound: 1,
      bestLogit
    })
  )
  hold(Laws.discriminator(Discriminator.bce({ labelSmoothing: 0.1, expertShare: "units" }), { ...smoothed, bestLogit }))
  // Each pair pulls at both of its traces.
  hold(Laws.discriminator(Discriminator.pairwise({ margin: 0 }), { ...ofTraces, gradientBound: 2 }))
  hold(Laws.discriminator(Discriminator.wgan({ gradientPenalty: 0 }), { gradientBound: 2 }))
  hold(Laws.discriminator(Discriminator.entropyBonus(Discriminator.bce({ labelSmoothing: 0.1 }), 0.1)))
  const segments = Segment.segmentCritic({
    objective: Discriminator.bce({ labelSmoothing: 0.1 }),
    gamma: 1,
    potentialPenalty: 0.1,
    shapePenalty: 0.1
  })
  // Potentials in proportion to g, and log π = 0: one logit says all of a segment.
  const ofLogits: DiscriminatorObjective = {
    name: segments.name,
    loss: ({ logits, ...batch }) => {
      const terms = { g: logits, before: mul(logits, 0.25), after: mul(logits, 0.5), logProbs: full(logits.shape, 0) }
      return segments.loss({ ...batch, terms })
    }
  }
  hold(Laws.discriminator(ofLogits, { nonNegative: true }))
  for (const gradientPenalty of [0.1, 10]) {
    hold(Laws.discriminator(Discriminator.wgan({ gradientPenalty }), { gradientBound: 2 }))
    hold(Laws.gradientPenalty(Discriminator.wgan({ gradientPenalty })))
  }
  hold(Laws.policy(PolicyLoss.grpo({ clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0 }), { withoutKl: true }))
  for (const aggregation of [Aggregations.bnpo, Aggregations.drGrpo(8), Aggregations.dapo]) {
    const clipped = { clipLow: 0.2, clipHigh: 0.28, klCoefficient: 0, aggregation }
    const additive = aggregation !== Aggregations.bnpo
    hold(Laws.policy(PolicyLoss.clippedSurrogate(clipped), { withoutKl: true, additive }))
    const { truncated, masked } = SamplerCorrections
    for (const correction of [truncated({ level: "token", cap: 2 }), masked({ level: "sequence", cap: 2 })]) {
      hold(Laws.policy(PolicyLoss.clippedSurrogate({ ...clipped, correction }), { withoutKl: true, additive }))
    }
    const geometric = { ...clipped, ratio: "sequence" } as const
    hold(Laws.policy(PolicyLoss.clippedSurrogate(geometric), { withoutKl: false, additive, sequenceRatio: true }))
  }
  hold(Laws.policy(PolicyLoss.grpo({ clipLow: 0.1, clipHigh: 0.3, klCoefficient: 0.1 }), { withoutKl: false }))
})

describe("estimators of KL", () => {
  hold(Laws.klEstimator(KlEstimators.k1, { unbiased: true, nonNegative: false }))
  hold(Laws.klEstimator(KlEstimators.k2, { unbiased: false, nonNegative: true }))
  hold(Laws.klEstimator(KlEstimators.k3, { unbiased: true, nonNegative: true }))
})

describe("reward forms", () => {
  const { gail, logExpert, logit, logRatio, scaled } = RewardForms
  const forms: ReadonlyArray<readonly [RewardForm, NonNullable<Laws.RewardFormClaims["definition"]>]> = [
    [logit, (ofExpert, ofPolicy) => ofExpert - ofPolicy],
    [logRatio, (ofExpert, ofPolicy) => ofExpert - ofPolicy],
    [gail, (_, ofPolicy) => -ofPolicy],
    [logExpert, (ofExpert) => ofExpert]
  ]
  for (const [form, definition] of forms) {
    hold(Laws.rewardForm(form, { definition }))
    hold(Laws.rewardForm(scaled(form, { temperature: 2, clamp: [-5, 5] })))
  }
})

describe("perturbations", () => {
  const all = [
    ...referencePerturbations,
    ...equationPerturbations(),
    arithmeticPerturbation(),
    Perturbations.chain(referencePerturbations),
    Perturbations.oneOf(referencePerturbations)
  ]
  for (const one of all) hold(Laws.perturbation(one))
  const completions = ["<think>\na\n</think>\n<answer>\n1\n</answer>", "<think>\nb\n</think>\n<answer>\n2\n</answer>"]
  const rows = completions.map((completion) => ({ completion, reasonings: ["a", "c"], answers: ["1", "3"] }))
  hold(Laws.perturbation(storedCorruptions(rows), fc.constantFrom(...completions, "none of them")))
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

  it("error: a best logit, a definition and a share of tokens that are not this one's", () => {
    const bce = Discriminator.bce({ labelSmoothing: 0.1 })
    expect(broken(Laws.discriminator(bce, { bestLogit: 2 }))).toEqual([
      "the loss is smallest where expert units are at 2 and policy units at -2"
    ])
    const summed: DiscriminatorObjective = {
      name: "summed",
      loss: ({ logits, expert, policy }) => ({ loss: sum(mul(logits, sub(policy, expert))), metrics: {} })
    }
    expect(broken(Laws.discriminator(summed))).toEqual([
      "units of n tokens that all have its logit and its weight give the units' loss"
    ])
    const definition = (ofExpert: number) => ofExpert
    expect(broken(Laws.rewardForm(RewardForms.gail, { definition }))).toEqual([
      "is what its definition makes of D = σ(f)"
    ])
    expect(broken(Laws.advantage(Advantage.groupRelative(), { ofTokens: true }))).toEqual([
      "units have the advantages of their tokens, each with the unit's reward"
    ])
  })

  it("error: returns that divide by γ^k, that start one late, and a mean taken for a sum", () => {
    const divided = (xs: ReadonlyArray<number>, gamma: number) => {
      const scaled = xs.map((x, k) => x * gamma ** k)
      return xs.map((_, k) => scaled.slice(k).reduce((total, x) => total + x, 0) / gamma ** k)
    }
    expect(broken(Laws.returns("divided", divided, "sum"))).toContain("5000 rewards give finite numbers, whatever γ")
    const late = (xs: ReadonlyArray<number>, gamma: number) => [...Advantage.returnsToGo(xs, gamma).slice(1), 0]
    expect(broken(Laws.returns("late", late, "sum"))).toHaveLength(3)
    expect(broken(Laws.returns("summed", Advantage.returnsToGo, "mean"))).toHaveLength(2)
    const units = { as: "sum", over: "units" } as const
    expect(broken(Laws.discountedAdvantage(Advantage.discounted, units))).toHaveLength(1)
    const dense = (gamma: number) => Advantage.discountedDense({ gamma, smallestWeight: 0 })
    expect(broken(Laws.discountedAdvantage(dense, units))).toHaveLength(1)
  })

  it("error: a gradient that is not the policy gradient, one that depends on the order, a perturbation never tried", () => {
    const grpo = PolicyLoss.grpo({ clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0 })
    const fed = (change: (b: Parameters<typeof grpo.loss>[0]) => Parameters<typeof grpo.loss>[0]): PolicyObjective => ({
      ...grpo,
      loss: (b) => grpo.loss(change(b))
    })
    const squared = fed((b) => ({ ...b, advantages: mul(b.advantages, b.advantages) }))
    expect(broken(Laws.policy(squared, { withoutKl: true }))).toContain(
      "at ratio 1 the gradient is the policy gradient, -A of each token times its weight"
    )
    const growing = fed((b) => ({ ...b, advantages: mul(b.advantages, cumSum(full(b.mask.shape, 1), 0)) }))
    expect(broken(Laws.policy(growing, { withoutKl: true }))).toContain(
      "completions in another order, and tokens alike in all, give the same loss"
    )
    const stored = storedCorruptions([{ completion: "a", reasonings: ["b"], answers: ["1"] }])
    expect(broken(Laws.perturbation(stored))).toEqual(["changes some of the texts that it is tried on"])
  })
})
