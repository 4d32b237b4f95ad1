import type { ResultRow } from "../data/index.ts"
import { type Selector, Selectors } from "../evaluation/index.ts"

/** A trace score of a row, higher = better; NaN where it has none. */
export type TraceScore = (row: ResultRow) => number

/** A list of a row with NaN for what could not be computed; empty when the row has no such list. */
export const values = (list: ReadonlyArray<number | null> | undefined): ReadonlyArray<number> =>
  (list ?? []).map((x) => x ?? Number.NaN)

/**
 * Rewards of a row's units, in order: its segments' where a segment critic left some, else those at the ends of its
 * units, else one a token.
 */
export const unitRewards = (row: ResultRow): ReadonlyArray<number> => {
  const scores = row.reward_model_score
  if (row.reward_segments !== undefined) return values(row.reward_segments.map(({ value }) => value))
  if (scores === undefined || row.reward_unit_ends === undefined) return values(scores)
  return row.reward_unit_ends.map((end) => scores[end] ?? Number.NaN)
}

/** The score of a row's unit rewards under a selector. */
export const reward =
  (selector: Selector): TraceScore =>
  (row) =>
    selector.select(unitRewards(row))

/** The score of the tokens' log-probabilities under a selector, in nats: by the discounted mean where rewards are. */
export const logProbBy =
  (selector: Selector): TraceScore =>
  (row) =>
    selector.select(values(row.policy_log_probs))

/** Mean log-probability of the tokens under the policy, in nats. */
export const logProb: TraceScore = logProbBy(Selectors.mean)

/** Negative mean entropy of the policy's next-token distributions, in nats: surer is better. */
export const certainty: TraceScore = (row) => -Selectors.mean.select(values(row.policy_entropies))

/** Shorter is better: minus the number of characters. */
export const brevity: TraceScore = (row) => -row.generation.content.length
