import { Effect } from "effect"
import {
  Advantage,
  type AdvantageEstimator,
  type BatchAdvantageEstimator,
  type UnitRewards
} from "../objective/index.ts"
import type { Metrics } from "../run/index.ts"
import { Rng } from "../tensor/index.ts"
import type { Drawn, PromptItem } from "./Drawn.ts"
import { type OutcomeOptions, outcomeMetrics, verdictReward, withOutcome } from "./outcomes.ts"
import type { Policy, Weighted } from "./Policy.ts"
import { learnedMetrics, rewardMetrics, rolloutMetrics } from "./rolloutMetrics.ts"
import { length, type Sequence } from "./Sequence.ts"
import { samplerMismatch } from "./samplerMismatch.ts"

export { collect, type Drawn, type PromptItem } from "./Drawn.ts"

/** Expert traces in the policy's batch. */
export interface ExpertOptions {
  /** Prompts of a step whose expert joins their group; `Infinity` for all that have one. */
  readonly prompts: number
  /** Times that each joins, 1 by default; as many as generations balances experts and rollouts. */
  readonly copies?: number
}

export interface PolicyStepOptions {
  /** Completions of each prompt, G. */
  readonly generations: number
  /** Of one group after the other, or of all groups of the step at once. */
  readonly advantage: AdvantageEstimator | BatchAdvantageEstimator
  /** Updates on one batch of rollouts; 1 by default. Ratios are always to the policy that drew them. */
  readonly updates?: number
  /** Expert traces that join the group of their own prompt as more members; none by default. */
  readonly experts?: ExpertOptions
  /** Whether completions cut at the limit count in the loss; true by default. */
  readonly truncatedCount?: boolean
  /** Outcome rewards beside the learned one; none by default. */
  readonly outcomes?: OutcomeOptions
}

/** Rewards of completions, in their order; how they come about is what tells one learner from another. */
export type RewardOf<E> = (rollouts: ReadonlyArray<Drawn>) => Effect.Effect<ReadonlyArray<UnitRewards>, E>

/** Rollouts of one policy step, and what they answer. */
export interface StepBatch {
  /** The policy step, from 0. */
  readonly step: number
  readonly rng: Rng.Rng
  readonly items: ReadonlyArray<PromptItem>
  readonly rollouts: ReadonlyArray<Drawn>
  readonly demonstrations: ReadonlyArray<Sequence>
}

/** Experts that join their groups: of the first so many items that have one, in an order drawn from `rng`. */
const joining = ({ items, demonstrations, rng }: StepBatch, { prompts, copies = 1 }: ExpertOptions) =>
  Rng.shuffle(
    rng,
    items.flatMap(({ demonstration }, item) => (demonstration === undefined ? [] : [{ demonstration, item }]))
  )
    .slice(0, prompts)
    .flatMap(({ demonstration, item }) =>
      Array.from(
        { length: copies },
        (): Drawn => ({
          ...demonstrations[demonstration]!,
          item,
          logProbs: [],
          rawLogProbs: [],
          finishReason: "stop"
        })
      )
    )

/** Advantages of all traces, in their order: those of an item are a group. */
const advantagesOf = (
  { advantage, outcomes }: Pick<PolicyStepOptions, "advantage" | "outcomes">,
  items: number,
  traces: ReadonlyArray<Drawn>,
  rewards: ReadonlyArray<UnitRewards>
): ReadonlyArray<Float64Array> => {
  const batched = "estimateBatch" in advantage ? advantage : Advantage.overGroups(advantage)
  const { estimateBatch } = outcomes?.joins === "advantage" ? Advantage.plusOutcomes(batched) : batched
  const groups = Array.from({ length: items }, (_, item) =>
    traces.flatMap((drawn, i) => (drawn.item === item ? [i] : []))
  )
  const estimated = estimateBatch(groups.map((members) => members.map((i) => rewards[i]!)))
  const advantages = new Array<Float64Array>(traces.length)
  for (const [g, members] of groups.entries()) {
    for (const [k, i] of members.entries()) advantages[i] = estimated[g]![k]!
  }
  return advantages
}

/** The log-probabilities that ratios and corrections start from: the sampler's, or the trainer's own where asked for. */
const oldLogProbs = Effect.fnUntraced(function* (
  policy: Policy,
  rollouts: ReadonlyArray<Drawn>,
  experts: ReadonlyArray<Drawn>
) {
  const recomputed = policy.objective.correction !== undefined
  const read = yield* policy.logProbs(recomputed ? [...rollouts, ...experts] : experts)
  const ofExperts = read.slice(recomputed ? rollouts.length : 0)
  return [
    ...rollouts.map(({ rawLogProbs, logProbs }, i) => ({
      oldLogProbs: recomputed ? read[i]! : rawLogProbs,
      samplerLogProbs: logProbs
    })),
    ...ofExperts.map((own) => ({ oldLogProbs: own, samplerLogProbs: own }))
  ]
})

/**
 * One policy step on rollouts of `items`: rewards, advantages, and `updates` updates against the reference. The reward of
 * a rollout is the learned one, that of the outcome rewards, or their weighted sum; without `learned`, the outcome's
 * alone. A completion without tokens gets no advantage and no weight; a group of equal rewards gets advantage 0, and a
 * batch without any other advantage changes nothing.
 *
 * An expert in a group keeps its ratio at 1 in the first update: its old log-probabilities are those of the present
 * policy.
 *
 * @see specs/39-baselines.md
 */
export const policyStep = Effect.fnUntraced(function* <E = never>(
  policy: Policy,
  options: PolicyStepOptions,
  batch: StepBatch,
  learned?: RewardOf<E>
) {
  const { generations, updates = 1, experts, truncatedCount = true, outcomes } = options
  const { items, rollouts, step } = batch
  const joined = experts === undefined ? [] : joining(batch, experts)
  const all = [...rollouts, ...joined]
  const judged =
    outcomes === undefined ? [] : all.map(({ item, completion }) => outcomes.judge(items[item]!, completion))
  const own = yield* learned === undefined ? Effect.succeed(undefined) : learned(all)
  const rewards = all.map(({ completion }, i) => {
    if (own === undefined) return verdictReward(judged[i] ?? [], completion.length)
    return outcomes === undefined ? own[i]! : withOutcome(outcomes, own[i]!, judged[i]!)
  })
  const advantages = advantagesOf(options, items.length, all, rewards)
  const before = yield* oldLogProbs(policy, rollouts, joined)
  const weighted = all.map(
    ({ prompt, completion, finishReason }, i): Weighted => ({
      prompt,
      completion,
      ...before[i]!,
      advantages: advantages[i]!,
      counts: truncatedCount || finishReason === "stop"
    })
  )
  const reference = yield* policy.referenceLogProbs(weighted)
  // Adam would turn the rounding noise of a zero gradient into steps of full size.
  const idle = weighted.every(({ advantages, counts }) => !counts || advantages.every((a) => a === 0))
  let metrics: Metrics = {}
  for (let k = 0; k < updates && !idle; k++) metrics = yield* policy.update(step * updates + k, weighted, reference)
  const { correction } = policy.objective
  const drawn = rollouts.length
  const logged: Metrics = {
    ...metrics,
    ...rolloutMetrics(rollouts),
    ...rewardMetrics(rewards.slice(0, drawn), generations),
    ...(own === undefined ? {} : learnedMetrics(own.slice(0, drawn))),
    ...outcomeMetrics(judged.slice(0, drawn)),
    ...(correction === undefined ? {} : samplerMismatch(before.slice(0, drawn), correction)),
    num_tokens: yield* policy.process(all.reduce((n, s) => n + length(s), 0))
  }
  return { metrics: logged, rewards: rewards.slice(0, drawn) }
})
