import type { ResultRow } from "../../core/data/index.ts"
import { Selectors } from "../../core/evaluation/index.ts"
import { TraceScores } from "../../core/result/index.ts"

const finiteOr = (x: number): number | null => (Number.isFinite(x) ? x : null)

type Numbers<K extends keyof ResultRow> = Partial<Pick<ResultRow, K>>

/** What a row's rewards come to: the mean over segments where there are any, else over tokens, and of tokens the rest. */
export const rewardColumns = (
  row: Pick<ResultRow, "reward_model_score" | "reward_segments">
): Numbers<
  | "reward_score_scalar"
  | "reward_score_mean_tokens"
  | "reward_score_sum_tokens"
  | "reward_score_last"
  | "reward_score_num_tokens"
> => {
  if (row.reward_model_score === undefined) return {}
  const tokens = TraceScores.values(row.reward_model_score)
  const segments =
    row.reward_segments === undefined ? tokens : TraceScores.values(row.reward_segments.map((s) => s.value))
  return {
    reward_score_scalar: finiteOr(Selectors.mean.select(segments)),
    reward_score_mean_tokens: finiteOr(Selectors.mean.select(tokens)),
    reward_score_sum_tokens: finiteOr(Selectors.sum.select(tokens)),
    reward_score_last: finiteOr(tokens.at(-1) ?? Number.NaN),
    reward_score_num_tokens: tokens.length
  }
}

/** What a row's log-probabilities and entropies come to, in nats. */
export const policyColumns = (
  row: Pick<ResultRow, "policy_log_probs" | "policy_entropies">
): Numbers<"policy_logprob_mean" | "policy_logprob_sum" | "policy_entropy_mean" | "policy_num_tokens"> => {
  if (row.policy_log_probs === undefined) return {}
  const logProbs = TraceScores.values(row.policy_log_probs)
  return {
    policy_logprob_mean: finiteOr(Selectors.mean.select(logProbs)),
    policy_logprob_sum: finiteOr(Selectors.sum.select(logProbs)),
    policy_entropy_mean: finiteOr(Selectors.mean.select(TraceScores.values(row.policy_entropies))),
    policy_num_tokens: logProbs.length
  }
}
