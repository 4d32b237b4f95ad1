import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Outcomes } from "../../src/core/data/index.ts"
import {
  type Drawn,
  type OutcomeOptions,
  type Policy,
  type PolicyStepOptions,
  policyStep,
  type RewardOf
} from "../../src/core/learner/index.ts"
import {
  Advantage,
  type AdvantageEstimator,
  Aggregations,
  PolicyLoss,
  type PolicyObjective,
  SamplerCorrections
} from "../../src/core/objective/index.ts"
import type { Metrics } from "../../src/core/run/index.ts"
import { Rng } from "../../src/core/tensor/index.ts"

type Update = Parameters<Policy["update"]>

const corrected = (level: "token" | "sequence", cap: number): PolicyObjective =>
  PolicyLoss.clippedSurrogate({
    clipLow: 0.2,
    clipHigh: 0.2,
    klCoefficient: 0,
    aggregation: Aggregations.dapo,
    correction: SamplerCorrections.truncated({ level, cap })
  })

/** Writes down what it is to be updated with. Log-probabilities: -1 of a rollout's token, -3 of an expert's, -2 under the reference. */
const recorder = (objective: PolicyObjective = PolicyLoss.grpo({ clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0 })) => {
  const updates: Array<Update> = []
  const each =
    (value: (completion: ReadonlyArray<number>) => number): Policy["logProbs"] =>
    (sequences) =>
      Effect.succeed(sequences.map(({ completion }) => new Float64Array(completion.length).fill(value(completion))))
  const policy: Policy = {
    objective,
    start: Effect.void,
    sample: () => Effect.succeed([]),
    logProbs: each((completion) => (isExpert(completion) ? -3 : -1)),
    referenceLogProbs: each(() => -2),
    update: (...update) =>
      Effect.sync((): Metrics => {
        updates.push(update)
        return { loss: 0 }
      }),
    process: (tokens) => Effect.succeed(1000 + tokens),
    params: Effect.succeed({}),
    save: Effect.succeed({}),
    restore: () => Effect.void
  }
  return { policy, updates }
}

const items = [
  { prompt: [5], demonstration: 0 },
  { prompt: [6], demonstration: 1 }
]

const demonstrations = [
  { prompt: [5], completion: [7, 7, 1] },
  { prompt: [6], completion: [8, 1] }
]

const isExpert = (completion: ReadonlyArray<number>): boolean => completion.includes(7) || completion.includes(8)

/** Two completions of each prompt, of 2, 1, 0 and 3 tokens; the last was cut. */
const rollouts: ReadonlyArray<Drawn> = [
  { item: 0, completion: [3, 1], finishReason: "stop" as const },
  { item: 0, completion: [1], finishReason: "stop" as const },
  { item: 1, completion: [], finishReason: "stop" as const },
  { item: 1, completion: [4, 4, 4], finishReason: "length" as const }
].map((one) => ({
  ...one,
  prompt: items[one.item]!.prompt,
  logProbs: one.completion.map(() => (one.completion.length === 1 ? -0.5 : -1.5)),
  rawLogProbs: one.completion.map(() => -1.25)
}))

/** One unit a completion. */
const rewarding =
  (values: ReadonlyArray<number>): RewardOf<never> =>
  (all) =>
    Effect.succeed(
      all.map(({ completion }, i) => ({
        units: completion.length === 0 ? [] : [values[i]!],
        unitOf: new Int32Array(completion.length)
      }))
    )

const step = (
  options: Partial<PolicyStepOptions>,
  learned?: RewardOf<never>,
  objective?: PolicyObjective
): { readonly updates: ReadonlyArray<Update>; readonly metrics: Metrics } => {
  const { policy, updates } = recorder(objective)
  const { metrics } = Effect.runSync(
    policyStep(
      policy,
      { generations: 2, advantage: Advantage.groupRelative({ scale: "none" }), ...options },
      { step: 3, rng: Rng.make(1), items, rollouts, demonstrations },
      learned
    ).pipe(Effect.orDie)
  )
  return { updates, metrics }
}

const advantages = ([, batch]: Update) => batch.map(({ advantages }) => Array.from(advantages))

const verdicts = (values: ReadonlyArray<number | "unknown" | "skipped">): OutcomeOptions["judge"] => {
  let i = 0
  return () => {
    const value = values[i++]!
    const outcome =
      value === "unknown"
        ? Outcomes.unverifiable("no gold")
        : value === "skipped"
          ? Outcomes.skipped("not asked")
          : Outcomes.scored(value, "")
    return [
      { name: "right", weight: 2, outcome },
      { name: "shown", weight: 0, outcome: Outcomes.scored(i, "") }
    ]
  }
}

describe("policyStep", () => {
  it("golden: a group's mean is subtracted, an empty completion takes no part and leaves its neighbour finite (D13)", () => {
    const { updates } = step({}, rewarding([1, 4, 9, 7]))
    expect(advantages(updates[0]!)).toEqual([[-1.5, -1.5], [1.5], [], [0, 0, 0]])
  })

  it("golden: batch-scaled advantages are divided by the deviation over all groups of the step", () => {
    const { updates } = step({ advantage: Advantage.batchScaled() }, rewarding([1, 4, 9, 7]))
    // Rewards 1, 4 and 7: mean 4, deviation 3.
    const expected = 1.5 / (3 + 1e-4)
    expect(advantages(updates[0]!)[1]![0]).toBeCloseTo(expected, 12)
  })

  it("one update is made unless more are asked for", () => {
    expect(step({}, rewarding([1, 4, 9, 7])).updates.map(([count]) => count)).toEqual([3])
  })

  it("several updates share old log-probabilities and count on from the step", () => {
    const { updates } = step({ updates: 3 }, rewarding([1, 4, 9, 7]))
    expect(updates.map(([count]) => count)).toEqual([9, 10, 11])
    for (const [, batch, reference] of updates) {
      expect(Array.from(batch[0]!.oldLogProbs)).toEqual([-1.25, -1.25])
      expect(Array.from(reference[0]!)).toEqual([-2, -2])
    }
  })

  it("truncated completions count unless they are left out", () => {
    const counts = (options: Partial<PolicyStepOptions>) =>
      step(options, rewarding([1, 4, 9, 7])).updates[0]![1].map(({ counts }) => counts)
    expect(counts({})).toEqual([true, true, true, true])
    expect(counts({ truncatedCount: false })).toEqual([true, true, true, false])
  })

  it("edge: when all that counts has advantage 0, nothing is updated", () => {
    const ofLong: AdvantageEstimator = {
      name: "three tokens",
      estimate: (group) => group.map(({ unitOf: { length } }) => new Float64Array(length).fill(length === 3 ? 1 : 0))
    }
    const options = { advantage: ofLong, truncatedCount: false }
    expect(step(options, rewarding([1, 2, 3, 4])).updates).toEqual([])
    expect(step({ advantage: ofLong }, rewarding([1, 2, 3, 4])).updates.length).toBe(1)
  })

  describe("experts", () => {
    const learned: RewardOf<never> = (all) =>
      rewarding(all.map(({ completion }) => (isExpert(completion) ? 6 : 0)))(all)

    it("one a prompt is member G+1: in its group's baseline, with a ratio of 1, and in no metric", () => {
      const { updates, metrics } = step({ experts: { prompts: Number.POSITIVE_INFINITY } }, learned)
      const batch = updates[0]![1]
      expect(batch.length).toBe(6)
      const expert = batch.findIndex(({ completion }) => completion.includes(7))
      expect(Array.from(batch[expert]!.oldLogProbs)).toEqual([-3, -3, -3])
      expect(Array.from(batch[expert]!.advantages)).toEqual([4, 4, 4])
      expect(Array.from(batch[0]!.advantages)).toEqual([-2, -2])
      expect(metrics["reward"]).toBe(0)
      expect(metrics["rewards/learned/mean"]).toBe(0)
      expect(metrics["completions/max_length"]).toBe(3)
    })

    it("with outcome rewards it is judged as well, and is in no metric either", () => {
      const judge: OutcomeOptions["judge"] = (_, completion) => [
        { name: "right", weight: 1, outcome: Outcomes.scored(isExpert(completion) ? 6 : 0, "") }
      ]
      const options: Partial<PolicyStepOptions> = {
        experts: { prompts: Number.POSITIVE_INFINITY },
        outcomes: { judge, joins: "reward" }
      }
      const { updates, metrics } = step(options)
      expect(Array.from(updates[0]![1][0]!.advantages)).toEqual([-2, -2])
      expect(metrics["rewards/right/mean"]).toBe(0)
    })

    it("balanced, an expert joins as often as there are completions", () => {
      const { updates } = step({ experts: { prompts: Number.POSITIVE_INFINITY, copies: 2 } }, learned)
      const batch = updates[0]![1]
      expect(batch.filter(({ completion }) => completion.includes(7)).length).toBe(2)
      expect(batch.filter(({ completion }) => completion.includes(8)).length).toBe(2)
      expect(Array.from(batch[0]!.advantages)).toEqual([-3, -3])
    })

    it("of fewer prompts, that many join", () => {
      const { updates } = step({ experts: { prompts: 1 } }, learned)
      expect(updates[0]![1].length).toBe(5)
    })
  })

  describe("outcomes", () => {
    it("golden: without a learned reward, the weighted sum of verdicts is the reward", () => {
      const { updates, metrics } = step({ outcomes: { judge: verdicts([0, 1, 1, 1]), joins: "reward" } })
      expect(advantages(updates[0]!)).toEqual([[-1, -1], [1], [], [0, 0, 0]])
      expect(metrics).toMatchObject({ "rewards/right/mean": 0.75, "rewards/right/std": 0.5, "rewards/shown/mean": 2.5 })
      expect(Object.keys(metrics)).not.toContain("rewards/learned/mean")
    })

    it("golden: beside a learned reward, weights of both make the sum", () => {
      const outcomes: OutcomeOptions = { judge: verdicts([0, 1, 1, 1]), joins: "reward", learnedWeight: 0.5 }
      const { updates, metrics } = step({ outcomes }, rewarding([1, 4, 9, 7]))
      // 0.5 and 2 + 2, about their mean.
      expect(advantages(updates[0]!)).toEqual([[-1.75, -1.75], [1.75], [], [0, 0, 0]])
      expect(metrics["rewards/learned/mean"]).toBe(4)
      // The empty completion has no reward.
      expect(metrics["reward"]).toBeCloseTo((0.5 + 4 + 5.5) / 3, 12)
    })

    it("golden: as an advantage, the verdicts' own group-relative advantage is added", () => {
      const outcomes: OutcomeOptions = { judge: verdicts([0, 1, 1, 1]), joins: "advantage" }
      const { updates, metrics } = step({ outcomes }, rewarding([1, 4, 9, 7]))
      expect(metrics["reward"]).toBeCloseTo((1 + (4 + 2) + 2 + (7 + 2)) / 4, 12)
      // Values 0 and 2: mean 1, deviation √2.
      const own = 1 / (Math.SQRT2 + 1e-4)
      expect(advantages(updates[0]!)[0]![0]).toBeCloseTo(-1.5 - own, 12)
      expect(advantages(updates[0]!)[1]![0]).toBeCloseTo(1.5 + own, 12)
    })

    it("law: it is added to batch-scaled advantages, and to those of a discounted sum, alike", () => {
      for (const advantage of [Advantage.batchScaled(), Advantage.discountedDense({ gamma: 0.9 })]) {
        const without = step({ advantage }, rewarding([1, 4, 9, 7])).updates[0]!
        const outcomes: OutcomeOptions = { judge: verdicts([0, 1, 1, 1]), joins: "advantage" }
        const joined = step({ advantage, outcomes }, rewarding([1, 4, 9, 7])).updates[0]!
        const own = 1 / (Math.SQRT2 + 1e-4)
        expect(advantages(joined)[0]![1]! - advantages(without)[0]![1]!).toBeCloseTo(-own, 12)
        expect(advantages(joined)[3]).toEqual(advantages(without)[3])
      }
    })

    it("edge: a skipped verdict is left out of the sum, an unknown one leaves its rollout out of the group", () => {
      const outcomes = (second: "skipped" | "unknown"): OutcomeOptions => ({
        judge: verdicts([0, second, 1, 1]),
        joins: "reward"
      })
      const skipped = step({ outcomes: outcomes("skipped") }, rewarding([1, 4, 9, 7]))
      expect(advantages(skipped.updates[0]!)[1]).toEqual([1.5])
      const unknown = step({ outcomes: outcomes("unknown") }, rewarding([1, 4, 9, 7]))
      expect(unknown.updates).toEqual([])
      expect(unknown.metrics["rewards/right/mean"]).toBeCloseTo(2 / 3, 12)
    })

    it("edge: without any verdict a rollout has no reward, and its metrics are null", () => {
      const all = ["unknown", "unknown", "unknown", "unknown"] as const
      const { updates, metrics } = step({ outcomes: { judge: verdicts(all), joins: "reward" } })
      expect(updates).toEqual([])
      expect(metrics["rewards/right/mean"]).toBeNull()
    })
  })

  describe("the sampler's correction", () => {
    it("golden: old log-probabilities become the trainer's own, and the mismatch is logged as TRL does", () => {
      const { updates, metrics } = step({}, rewarding([1, 4, 9, 7]), corrected("token", 1.5))
      const [first] = updates[0]![1]
      expect(Array.from(first!.oldLogProbs)).toEqual([-1, -1])
      expect(Array.from(first!.samplerLogProbs)).toEqual([-1.5, -1.5])
      expect(metrics).toMatchObject({
        "sampling/sampling_logp_difference/mean": 0.5,
        "sampling/sampling_logp_difference/max": 0.5,
        "sampling/importance_sampling_ratio/min": Math.exp(-0.5),
        "sampling/importance_sampling_ratio/max": 1.5
      })
      expect(metrics["sampling/importance_sampling_ratio/mean"]).toBeCloseTo((5 * 1.5 + Math.exp(-0.5)) / 6, 12)
    })

    it("golden: for whole completions the ratios are products", () => {
      const { metrics } = step({}, rewarding([1, 4, 9, 7]), corrected("sequence", 3))
      // Half a nat a token, of either sign: completions of 2, 1, 0 and 3 tokens.
      const ratios = [Math.E, Math.exp(-0.5), 1, 3]
      expect(metrics["sampling/importance_sampling_ratio/mean"]).toBeCloseTo(ratios.reduce((a, b) => a + b) / 4, 12)
      expect(metrics["sampling/importance_sampling_ratio/max"]).toBe(3)
      expect(metrics["sampling/importance_sampling_ratio/min"]).toBe(Math.exp(-0.5))
    })

    it("law: experts are nobody's samples, their weight is 1", () => {
      const options = { experts: { prompts: 1 } }
      const { updates, metrics } = step(options, rewarding([1, 4, 9, 7, 3]), corrected("sequence", 3))
      const expert = updates[0]![1][4]!
      expect(expert.oldLogProbs[0]).toBe(-3)
      expect(expert.samplerLogProbs).toEqual(expert.oldLogProbs)
      const without = step({}, rewarding([1, 4, 9, 7]), corrected("sequence", 3)).metrics
      const key = "sampling/importance_sampling_ratio/mean"
      expect(metrics[key]).toBe(without[key])
    })
  })

  it("golden: the share of groups in which rewards are all alike, and the deviation over the whole batch", () => {
    // A lone reward differs from none.
    expect(step({}, rewarding([1, 4, 9, 7])).metrics["frac_reward_zero_std"]).toBe(0.5)
    expect(step({}, rewarding([2, 2, 9, 7])).metrics["frac_reward_zero_std"]).toBe(1)
    // The third has no reward: 1, 4, 7.
    expect(step({}, rewarding([1, 4, 9, 7])).metrics["reward_std"]).toBeCloseTo(3, 12)
  })

  it("logs under the names that the ecosystem uses", () => {
    const { metrics } = step({ outcomes: { judge: verdicts([0, 1, 1, 1]), joins: "reward" } }, rewarding([1, 4, 9, 7]))
    expect(Object.keys(metrics).sort()).toEqual(
      [
        "completions/clipped_ratio",
        "completions/max_length",
        "completions/mean_length",
        "completions/min_length",
        "entropy",
        "frac_reward_zero_std",
        "loss",
        "num_tokens",
        "reward",
        "reward_std",
        "rewards/learned/mean",
        "rewards/learned/std",
        "rewards/right/mean",
        "rewards/right/std",
        "rewards/shown/mean",
        "rewards/shown/std"
      ].sort()
    )
    expect(metrics).toMatchObject({ entropy: 1.25, num_tokens: 1010, "completions/clipped_ratio": 0.25 })
  })
})
