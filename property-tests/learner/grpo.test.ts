import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { Problem } from "../../src/core/data/index.ts"
import { Airl, Grpo, OutcomeJudges, type PolicyOptions, type PolicyStepOptions } from "../../src/core/learner/index.ts"
import {
  Advantage,
  Aggregations,
  KlEstimators,
  PolicyLoss,
  SamplerCorrections
} from "../../src/core/objective/index.ts"
import { Granularities, type OutcomeReward, rewardsOf } from "../../src/core/reward/index.ts"
import * as Subject from "./subject.ts"

/** Every option of the policy's side that keeps the loss a sum over micro-batches. */
const policy: PolicyOptions = Subject.policy({
  objective: PolicyLoss.clippedSurrogate({
    clipLow: 0.2,
    clipHigh: 0.28,
    aggregation: Aggregations.dapo,
    klCoefficient: 0.05,
    klEstimator: KlEstimators.k2,
    correction: SamplerCorrections.truncated({ level: "token", cap: 2 })
  }),
  // The sampler's distribution is not the model's: the correction has something to correct.
  sampling: { ...Subject.policy().sampling, temperature: 0.7, maxTokens: 6 },
  microBatch: 5
})

const step: PolicyStepOptions = {
  generations: 4,
  advantage: Advantage.batchScaled(),
  updates: 2,
  experts: { prompts: 2, copies: 2 },
  truncatedCount: false
}

for (const [name, layer] of Subject.backends) {
  describe(`on ${name}`, () => {
    it("law: GRPO with every option of the policy's side, resumed, equals the uninterrupted one, bit for bit", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const options = Subject.grpo({ policy, step, demonstrations: Subject.train })
          yield* Subject.resumes(Grpo.make(options), 2)
          const stage = yield* Grpo.make(options)
          yield* stage.start
          const logged = yield* Subject.steps(stage, 0, 2)
          expect(logged[1]!["num_tokens"]).toBeGreaterThan(logged[0]!["num_tokens"]!)
          for (const metrics of logged) {
            expect(Object.keys(metrics)).toEqual(
              expect.arrayContaining([
                ...["loss", "kl", "entropy", "grad_norm", "learning_rate", "num_tokens"],
                ...["reward", "reward_std", "frac_reward_zero_std", "rewards/copied/mean", "rewards/copied/std"],
                ...["clip_ratio/low_mean", "clip_ratio/high_mean", "clip_ratio/region_mean"],
                ...["completions/mean_length", "completions/clipped_ratio"],
                ...["sampling/sampling_logp_difference/mean", "sampling/importance_sampling_ratio/max"]
              ])
            )
            expect(metrics["sampling/sampling_logp_difference/mean"]).toBeGreaterThan(0)
            expect(metrics["sampling/importance_sampling_ratio/max"]).toBeLessThanOrEqual(2)
          }
        })
      ))

    it("law: AIRL with outcome rewards and the same options, resumed, equals the uninterrupted one, bit for bit", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const outcomes = { judge: Subject.judge(0.5), joins: "advantage" as const }
          const options = Subject.airl(Granularities.dense, {
            policy,
            step: { ...step, advantage: Advantage.discountedDense({ gamma: 0.9 }), outcomes },
            warmupUpdates: 1,
            policySteps: 3
          })
          yield* Subject.resumes(Airl.make(options), 2)
          const stage = yield* Airl.make(options)
          yield* stage.start
          const last = (yield* Subject.steps(stage, 0, 2)).at(-1)!
          expect(last["rewards/copied/mean"]).toBeTypeOf("number")
          expect(last["rewards/learned/mean"]).toBeTypeOf("number")
        })
      ))
  })
}

it("the policy learns what the outcome rewards say", () =>
  Subject.on(
    Subject.backends[1]![1],
    Effect.gen(function* () {
      const stage = yield* Grpo.make(Subject.grpo({ promptsPerStep: 8, steps: 12 }))
      yield* stage.start
      const rewards = (yield* Subject.steps(stage, 0, 12)).map((metrics) => metrics["reward"]!)
      const mean = (xs: ReadonlyArray<number>) => xs.reduce((s, x) => s + x, 0) / xs.length
      expect(mean(rewards.slice(-4))).toBeGreaterThan(mean(rewards.slice(0, 4)))
    })
  ))

describe("outcome rewards of problems", () => {
  const texts = new Map<ReadonlyArray<number>, string>()
  const decode = (ids: ReadonlyArray<number>): string => texts.get(ids)!
  const judged = (problem: Problem, text: string) => {
    const completion = [1]
    texts.set(completion, text)
    const each = (one: Problem) => rewardsOf(one).map((reward: OutcomeReward) => ({ reward, weight: 1 }))
    return OutcomeJudges.judgeBy({ decode }, each)({ prompt: [], problem }, completion)
  }
  const valueOf = (problem: Problem, text: string) => OutcomeJudges.verdictReward(judged(problem, text), 1).units[0]
  const right = "<think>\n2 + 2 = 4\n</think>\n<answer>\n4\n</answer>"

  it("golden: a number is worth 2, its digits 0.5, the format 0.5, 0.5 and 0.501", () => {
    const problem = { id: "a", prompt: "2 + 2?", finalAnswer: "4" }
    expect(valueOf(problem, right)).toBeCloseTo(4.001, 12)
    expect(valueOf(problem, right.replace(/4\n<\/answer>/, "5\n</answer>"))).toBeCloseTo(2.001, 12)
    expect(valueOf(problem, "4")).toBeCloseTo(0, 12)
    expect(judged(problem, right).map(({ name }) => name)).toEqual([
      "correctness_reward_func",
      "int_reward_func",
      "soft_format_reward_func",
      "strict_format_reward_func",
      "xmlcount_reward_func"
    ])
  })

  it("golden: options are told apart by their texts, Countdown's expression by its value", () => {
    const choice = { id: "b", prompt: "?", finalAnswer: "B. two", options: ["one", "two"] }
    expect(valueOf(choice, right.replace("\n4\n", "\ntwo\n"))).toBeCloseTo(3.501, 12)
    const countdown = { id: "c", prompt: "?", finalAnswer: "4", numbers: [1, 3] }
    expect(valueOf(countdown, right.replace("\n4\n", "\n1 + 3\n"))).toBeCloseTo(3.501, 12)
    expect(valueOf(countdown, right.replace("\n4\n", "\n2 + 2\n"))).toBeCloseTo(1.501, 12)
  })

  it("edge: a problem without an answer keeps the rewards of the format, an item without a problem has none", () => {
    expect(valueOf({ id: "d", prompt: "?" }, right)).toBeCloseTo(2.001, 12)
    const judge = OutcomeJudges.judgeBy({ decode }, () => [])
    expect(judge({ prompt: [] }, [1])).toEqual([])
    expect(OutcomeJudges.verdictReward([], 3)).toEqual({ units: [], unitOf: new Int32Array(3) })
  })
})
