import { Effect } from "effect"
import type { AdvantageEstimator, UnitRewards } from "../objective/index.ts"
import type { Metrics } from "../run/index.ts"
import type { Sampled } from "../service/index.ts"
import { Rng } from "../tensor/index.ts"
import type { Policy, Weighted } from "./Policy.ts"
import type { Sequence } from "./Sequence.ts"

/** A prompt that the policy answers. */
export interface PromptItem {
  readonly prompt: ReadonlyArray<number>
  /** Index of the expert's trace of this prompt, where there is one. */
  readonly demonstration?: number
}

/** A completion of the policy in answer to an item. */
export interface Drawn extends Sequence, Omit<Sampled, "completion"> {
  /** Index of the item among those of the batch. */
  readonly item: number
}

export interface PolicyStepOptions {
  /** Completions of each prompt, G. */
  readonly generations: number
  readonly advantage: AdvantageEstimator
  /** Updates on one batch of rollouts; 1 by default. */
  readonly updates?: number
  /** Expert traces that join the group of their own prompt in each batch, as one more member; 0 by default. */
  readonly experts?: number
  /** Whether completions cut at the limit count in the loss; true by default. */
  readonly truncatedCount?: boolean
}

/** Rewards of completions, in their order; how they come about is what tells one learner from another. */
export type RewardOf<E> = (rollouts: ReadonlyArray<Drawn>) => Effect.Effect<ReadonlyArray<UnitRewards>, E>

/** G completions of each item, those of one item side by side. */
export const collect = (policy: Policy, items: ReadonlyArray<PromptItem>, generations: number, rng: Rng.Rng) => {
  const prompts = items.flatMap(({ prompt }, item) => Array.from({ length: generations }, () => ({ prompt, item })))
  return Effect.map(
    policy.sample(
      prompts.map(({ prompt }) => prompt),
      rng
    ),
    (sampled): ReadonlyArray<Drawn> => sampled.map((one, i) => ({ ...prompts[i]!, ...one }))
  )
}

const mean = (xs: ReadonlyArray<number>): number => xs.reduce((s, x) => s + x, 0) / Math.max(1, xs.length)

const deviation = (xs: ReadonlyArray<number>): number => {
  const m = mean(xs)
  return Math.sqrt(xs.reduce((s, x) => s + (x - m) ** 2, 0) / Math.max(1, xs.length - 1))
}

/** What a batch of rollouts looks like, under the names that the ecosystem uses. */
export const rolloutMetrics = (
  rollouts: ReadonlyArray<Drawn>,
  rewards: ReadonlyArray<UnitRewards>,
  generations: number
): Metrics => {
  // A trace's reward in the log is the mean of its units, whatever the estimator selects.
  const traces = rewards.map(({ units }) => mean(units))
  const groups = Array.from({ length: traces.length / generations }, (_, g) =>
    deviation(traces.slice(g * generations, (g + 1) * generations))
  )
  const lengths = rollouts.map(({ completion }) => completion.length)
  const logProbs = rollouts.flatMap(({ rawLogProbs }) => rawLogProbs)
  return {
    reward: mean(traces),
    reward_std: mean(groups),
    frac_reward_zero_std: mean(groups.map((std) => (std < 1e-12 ? 1 : 0))),
    // The mean of -log π over the policy's own tokens is an unbiased estimate of its entropy a token.
    entropy: -mean(logProbs),
    "completions/mean_length": mean(lengths),
    "completions/min_length": Math.min(...lengths),
    "completions/max_length": Math.max(...lengths),
    "completions/clipped_ratio": mean(rollouts.map(({ finishReason }) => (finishReason === "length" ? 1 : 0)))
  }
}

/** Items whose expert joins their group: the first so many that have one, in an order drawn from `rng`. */
const expertItems = (items: ReadonlyArray<PromptItem>, experts: number, rng: Rng.Rng): ReadonlyArray<number> =>
  Rng.shuffle(
    rng,
    items.flatMap(({ demonstration }, item) => (demonstration === undefined ? [] : [item]))
  ).slice(0, experts)

/**
 * One policy step on rollouts of `items`: rewards, group-relative advantages, and `updates` updates against the
 * reference. A completion without tokens gets no advantage and no weight; a group of equal rewards gets advantage 0,
 * and a batch without any other advantage changes nothing.
 *
 * An expert in a group keeps its ratio at 1: its old log-probabilities are those of the present policy.
 */
export const policyStep = Effect.fnUntraced(function* <E>(
  policy: Policy,
  options: PolicyStepOptions,
  batch: {
    /** The policy step, from 0. */
    readonly step: number
    readonly rng: Rng.Rng
    readonly items: ReadonlyArray<PromptItem>
    readonly rollouts: ReadonlyArray<Drawn>
    readonly demonstrations: ReadonlyArray<Sequence>
  },
  rewardOf: RewardOf<E>
) {
  const { generations, advantage, updates = 1, experts = 0, truncatedCount = true } = options
  const { items, rollouts, demonstrations, step, rng } = batch
  const joined = expertItems(items, experts, rng).map(
    (item): Drawn => ({
      ...demonstrations[items[item]!.demonstration!]!,
      item,
      logProbs: [],
      rawLogProbs: [],
      finishReason: "stop"
    })
  )
  const rewards = yield* rewardOf([...rollouts, ...joined])
  const expertLogProbs = yield* policy.logProbs(joined)
  const all = [...rollouts, ...joined]
  const weighted = new Array<Weighted>(all.length)
  for (const item of items.keys()) {
    const members = all.flatMap((drawn, i) => (drawn.item === item ? [i] : []))
    const advantages = advantage.estimate(members.map((i) => rewards[i]!))
    for (const [k, i] of members.entries()) {
      const { prompt, completion, rawLogProbs, finishReason } = all[i]!
      weighted[i] = {
        prompt,
        completion,
        oldLogProbs: i < rollouts.length ? rawLogProbs : expertLogProbs[i - rollouts.length]!,
        advantages: advantages[k]!,
        counts: truncatedCount || finishReason === "stop"
      }
    }
  }
  const reference = yield* policy.referenceLogProbs(weighted)
  // Adam would turn the rounding noise of a zero gradient into steps of full size.
  const idle = weighted.every(({ advantages }) => advantages.every((a) => a === 0))
  let metrics: Metrics = {}
  for (let k = 0; k < updates && !idle; k++) metrics = yield* policy.update(step * updates + k, weighted, reference)
  const logged: Metrics = {
    ...metrics,
    ...rolloutMetrics(rollouts, rewards.slice(0, rollouts.length), generations),
    num_tokens: all.reduce((n, s) => n + s.completion.length, 0)
  }
  return {
    metrics: logged,
    rewards: rewards.slice(0, rollouts.length)
  }
})
