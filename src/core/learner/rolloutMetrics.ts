import { Statistics, type UnitRewards } from "../objective/index.ts"
import type { Metrics } from "../run/index.ts"
import type { Drawn } from "./Drawn.ts"

const { mean, sampleStd } = Statistics

/** What a batch of rollouts looks like, under the names that the ecosystem uses. */
export const rolloutMetrics = (rollouts: ReadonlyArray<Drawn>): Metrics => {
  const lengths = rollouts.map(({ completion }) => completion.length)
  return {
    // The mean of -log π over the policy's own tokens is an unbiased estimate of its entropy a token.
    entropy: -mean(rollouts.flatMap(({ rawLogProbs }) => rawLogProbs)),
    "completions/mean_length": mean(lengths),
    "completions/min_length": Math.min(...lengths),
    "completions/max_length": Math.max(...lengths),
    "completions/clipped_ratio": mean(rollouts.map(({ finishReason }) => (finishReason === "length" ? 1 : 0)))
  }
}

/** A trace's reward in the log is the mean of its units, whatever the estimator selects, and its outcome's; [] for none. */
const traceReward = ({ units, outcome }: UnitRewards): ReadonlyArray<number> =>
  units.length === 0 && outcome === undefined ? [] : [mean(units) + (outcome ?? 0)]

const meanOrNull = (xs: ReadonlyArray<number>): number | null => (xs.length === 0 ? null : mean(xs))

/**
 * Rewards of the rollouts of a step, groups of G side by side, as TRL logs them: mean and deviation over all of them, and
 * the share of groups within which they do not differ. Rollouts without a reward are left out.
 */
export const rewardMetrics = (rewards: ReadonlyArray<UnitRewards>, generations: number): Metrics => {
  const all = rewards.flatMap(traceReward)
  const within = Array.from({ length: rewards.length / generations }, (_, g) =>
    sampleStd(rewards.slice(g * generations, (g + 1) * generations).flatMap(traceReward))
  )
  return {
    reward: meanOrNull(all),
    reward_std: all.length === 0 ? null : sampleStd(all),
    frac_reward_zero_std: mean(within.map((std) => (std < 1e-12 ? 1 : 0)))
  }
}

/** Mean and deviation of the learned reward, before weights and outcomes. */
export const learnedMetrics = (rewards: ReadonlyArray<UnitRewards>): Metrics => {
  const traces = rewards.flatMap(traceReward)
  return {
    "rewards/learned/mean": meanOrNull(traces),
    "rewards/learned/std": traces.length === 0 ? null : sampleStd(traces)
  }
}
