import { Data, Effect, type Scope } from "effect"
import {
  type Aggregation,
  Aggregations,
  type BatchAdvantageEstimator,
  PolicyLoss,
  type PolicyObjective,
  Statistics,
  type UnitRewards
} from "../objective/index.ts"
import type { Metrics } from "../run/index.ts"
import type { Backend } from "../service/index.ts"
import type { Drawn, PromptItem } from "./Drawn.ts"
import { traceReward } from "./outcomes.ts"
import type * as Policy from "./Policy.ts"
import { type PolicyStepOptions, policyStep } from "./policyStep.ts"
import * as RolloutStage from "./rolloutStage.ts"
import type * as Scorer from "./Scorer.ts"

/** A prompt, and the same with an expert's trace in the user's turn. */
export interface OpsdItem extends PromptItem {
  readonly teacherPrompt: ReadonlyArray<number>
}

/** How the teacher's opinion of a token becomes its weight. */
export interface WeightOptions {
  /** Divides it; 1 by default. */
  readonly temperature?: number
  /** Its range, in nats; ±5 by default. */
  readonly clamp?: readonly [low: number, high: number]
}

/** What is done with the weights. */
export type OpsdMode =
  /** They multiply the log-likelihood, l_t = -w_t · log π(y_t). */
  | {
      readonly _tag: "Direct"
      readonly generations: number
      /** Whether the weights of a step are standardised over all its tokens; false by default. */
      readonly standardise?: boolean
      /** `dapo`, a mean over all tokens, by default. */
      readonly aggregation?: Aggregation
    }
  /** Their mean over a completion is its reward. */
  | {
      readonly _tag: "Grpo"
      readonly objective: PolicyObjective
      readonly step: Omit<PolicyStepOptions, "outcomes">
    }

export interface OpsdOptions
  extends Omit<RolloutStage.RolloutStageOptions<OpsdItem>, "generations" | "policy" | "demonstrations"> {
  readonly policy: Omit<Policy.PolicyOptions, "objective">
  readonly weights?: WeightOptions
  readonly mode: OpsdMode
}

/** A prompt that leaves the model no room for its completion once the expert's trace is in it. */
export class TeacherTooLong extends Data.TaggedError("TeacherTooLong")<{
  /** Index of the item. */
  readonly item: number
  /** Tokens of its prompt with the trace, and of the longest completion. */
  readonly prompt: number
  readonly completion: number
  /** Positions that the model has. */
  readonly limit: number
}> {
  override get message(): string {
    return (
      `Item ${this.item}: ${this.prompt} tokens of prompt with the expert's trace and up to ${this.completion} of ` +
      `completion exceed the ${this.limit} positions of the model. Leave the item out, or allow shorter completions.`
    )
  }
}

/** What the reference policy thinks of completions with the expert's trace in sight and without it, [T] each. */
export interface Opinions {
  readonly teacher: ReadonlyArray<Float64Array>
  readonly reference: ReadonlyArray<Float64Array>
}

/** w_t = (log π_ref(y_t | x, expert's trace, y_<t) - log π_ref(y_t | x, y_<t)) / temperature, within the range. */
export const weightsOf = (
  { teacher, reference }: Opinions,
  { temperature = 1, clamp: [low, high] = [-5, 5] }: WeightOptions
): ReadonlyArray<ReadonlyArray<number>> =>
  teacher.map((row, i) =>
    Array.from(row, (own, t) => Math.min(high, Math.max(low, (own - reference[i]![t]!) / temperature)))
  )

/** Both opinions on rollouts of items. */
const opinionsOf = (
  score: Scorer.Score,
  items: ReadonlyArray<OpsdItem>,
  rollouts: ReadonlyArray<Drawn>
): Effect.Effect<Opinions, Scorer.ScoreError> =>
  Effect.all({
    teacher: score(rollouts.map(({ item, completion }) => ({ prompt: items[item]!.teacherPrompt, completion }))),
    reference: score(rollouts)
  })

/** The tokens' own rewards as their advantages, standardised over the batch if asked. */
const asGiven = (standardise: boolean): BatchAdvantageEstimator => ({
  name: standardise ? "standardised token weights" : "token weights",
  estimateBatch: (groups) => {
    const all = groups.flatMap((group) => group.flatMap(({ units }) => units))
    const [m, s] = standardise ? [Statistics.mean(all), Statistics.populationStd(all) + Statistics.STD_FLOOR] : [0, 1]
    return groups.map((group) => group.map(({ units }) => Float64Array.from(units, (w) => (w - m) / s)))
  }
})

const settingsOf = (mode: OpsdMode) =>
  mode._tag === "Grpo"
    ? {
        objective: mode.objective,
        step: mode.step,
        reward: (w: ReadonlyArray<number>): UnitRewards => traceReward(Statistics.mean(w), w.length)
      }
    : {
        objective: PolicyLoss.weightedLikelihood(mode.aggregation ?? Aggregations.dapo),
        step: { generations: mode.generations, advantage: asGiven(mode.standardise ?? false) },
        reward: (w: ReadonlyArray<number>): UnitRewards => ({ units: w, unitOf: w.map((_, t) => t) })
      }

const metricsOf = ({ teacher, reference }: Opinions, weights: ReadonlyArray<ReadonlyArray<number>>): Metrics => {
  const over = (rows: ReadonlyArray<Iterable<number>>) => rows.flatMap((row) => Array.from(row))
  return {
    "opsd/teacher_logp": Statistics.mean(over(teacher)),
    "opsd/ref_logp": Statistics.mean(over(reference)),
    "opsd/weight_mean": Statistics.mean(weights.flat()),
    "opsd/weight_std": Statistics.sampleStd(weights.flat())
  }
}

const checkLengths = ({ items, policy: { config, sampling } }: Pick<OpsdOptions, "items" | "policy">) => {
  const limit = config.max_position_embeddings
  const completion = sampling.maxTokens
  const item = items.findIndex(({ teacherPrompt }) => teacherPrompt.length + completion > limit)
  return item < 0
    ? Effect.void
    : Effect.fail(new TeacherTooLong({ item, prompt: items[item]!.teacherPrompt.length, completion, limit }))
}

/**
 * On-policy self-distillation: the policy learns from its own completions what its reference thinks of them once it has
 * seen an expert's trace of the same problem. No reward is learned and no answer is looked at.
 *
 * @see specs/39-baselines.md
 */
export const make = ({
  mode,
  weights: how = {},
  ...options
}: OpsdOptions): Effect.Effect<
  RolloutStage.PolicyStage,
  Policy.PolicyError | TeacherTooLong,
  Backend | Scope.Scope
> => {
  const { objective, step, reward } = settingsOf(mode)
  const stage = RolloutStage.make(
    { ...options, policy: { ...options.policy, objective }, generations: step.generations },
    Effect.fnUntraced(function* (policy, batch) {
      const opinions = yield* opinionsOf(policy.referenceLogProbs, batch.items, batch.rollouts)
      const weights = weightsOf(opinions, how)
      const { metrics } = yield* policyStep(policy, step, batch, () => Effect.succeed(weights.map(reward)))
      return { ...metrics, ...metricsOf(opinions, weights) }
    })
  )
  return Effect.andThen(checkLengths(options), stage)
}
