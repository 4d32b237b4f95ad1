import type { Problem } from "../data/index.ts"
import { Statistics, type UnitRewards } from "../objective/index.ts"
import { type Judged, OutcomeRewards, type Weighted } from "../reward/index.ts"
import type { Metrics } from "../run/index.ts"
import { AnswerChecks, type Tokenizer } from "../text/index.ts"
import type { PromptItem } from "./Drawn.ts"

/** What the outcome rewards say of a completion, each under its own name; those of weight 0 are logged only. */
export type Judge = (item: PromptItem, completion: ReadonlyArray<number>) => ReadonlyArray<Judged>

/** Judges the text of completions by the outcome rewards of their problem; items without a problem have no verdict. */
export const judgeBy =
  (tokenizer: Pick<Tokenizer, "decode">, rewardsOf: (problem: Problem) => ReadonlyArray<Weighted>): Judge =>
  ({ problem }, completion) => {
    if (problem === undefined) return []
    const text = tokenizer.decode(completion)
    const gold = problem.finalAnswer === undefined ? undefined : AnswerChecks.gold(problem.finalAnswer)
    return rewardsOf(problem).map(({ reward, weight }) => ({
      name: reward.name,
      weight,
      outcome: reward.judge(text, gold)
    }))
  }

/** How outcome rewards count beside a learned one. **Ground truth then enters the policy's reward.** */
export interface OutcomeOptions {
  readonly judge: Judge
  /** Weight of the learned reward in the sum, 1 by default. */
  readonly learnedWeight?: number
  /**
   * `reward`: the weighted sum of verdicts is added to the reward of every unit.
   * `advantage`: its own group-relative advantage is added to that of the learned reward, which is what the reference
   * does under `discounted_dense`.
   */
  readonly joins: "reward" | "advantage"
}

/** One number as the reward of one unit, the whole completion of T tokens; without it, or without tokens, there is no unit. */
export const traceReward = (reward: number | undefined, T: number): UnitRewards => ({
  units: reward === undefined || T === 0 ? [] : [reward],
  unitOf: new Int32Array(T)
})

/** The verdicts' sum as the reward of a completion. One without a verdict, or without tokens, takes no part in its group. */
export const verdictReward = (judged: ReadonlyArray<Judged>, T: number): UnitRewards => {
  const sum = OutcomeRewards.total(judged)
  return traceReward(sum._tag === "Scored" ? sum.value : undefined, T)
}

/**
 * A learned reward with the verdicts on its rollout. Rewards that were Skipped are left out of the sum; a verdict that
 * should be there and is not leaves the rollout out of its group, for it cannot be compared.
 */
export const withOutcome = (
  { learnedWeight = 1, joins }: Omit<OutcomeOptions, "judge">,
  learned: UnitRewards,
  judged: ReadonlyArray<Judged>
): UnitRewards => {
  const sum = OutcomeRewards.total(judged)
  const weighed = learned.units.map((r) => r * learnedWeight)
  if (sum._tag === "Skipped") return { ...learned, units: weighed }
  if (joins === "advantage") {
    return { ...learned, units: weighed, ...(sum._tag === "Scored" ? { outcome: sum.value } : {}) }
  }
  return { ...learned, units: sum._tag === "Scored" ? weighed.map((r) => r + sum.value) : [] }
}

/** `<prefix><name>/mean` and `/std` of each outcome reward over the completions on which it has a verdict. */
export const outcomeMetrics = (judged: ReadonlyArray<ReadonlyArray<Judged>>, prefix = "rewards/"): Metrics => {
  const values = new Map<string, Array<number>>()
  for (const { name, outcome } of judged.flat()) {
    const seen = values.get(name) ?? []
    values.set(name, seen)
    if (outcome._tag === "Scored") seen.push(outcome.value)
  }
  return Object.fromEntries(
    [...values].flatMap(([name, seen]) => [
      [`${prefix}${name}/mean`, seen.length === 0 ? null : Statistics.mean(seen)],
      [`${prefix}${name}/std`, seen.length === 0 ? null : Statistics.sampleStd(seen)]
    ])
  )
}
