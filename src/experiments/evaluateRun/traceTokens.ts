import type { ResultRow } from "../../core/data/index.ts"
import type { Sequence } from "../../core/learner/index.ts"
import { offsets, pieces, type Tokenizer } from "../../core/text/index.ts"

/** A completion as token ids, and where its tokens begin in its text. */
export type TraceTokens = Required<Pick<ResultRow, "token_ids" | "token_offsets">>

const offsetsOf = ({ decode, specialIds }: Tokenizer, ids: ReadonlyArray<number>): ReadonlyArray<number> => {
  const ends = ids.length > 0 && specialIds.has(ids.at(-1)!)
  const starts = Array.from(offsets(pieces({ decode }, ends ? ids.slice(0, -1) : ids)))
  return ends ? starts : starts.slice(0, -1)
}

/**
 * The tokens of a row's completion: its own where they spell its text in this vocabulary, else those of the text, with
 * the end token unless the row says that it was cut. Completions are told from prompts by their ids, never by counting
 * back from the end of a rendered conversation.
 */
export const traceTokens = (row: ResultRow, tokenizer: Tokenizer): TraceTokens => {
  const stored = row.token_ids
  if (stored?.every((id) => id < tokenizer.vocabSize) && tokenizer.decode(stored) === row.generation.content)
    return { token_ids: stored, token_offsets: offsetsOf(tokenizer, stored) }
  const ids = tokenizer.encode(row.generation.content)
  const token_ids = row.finish_reason === "length" || row.finish_reason === "abort" ? ids : [...ids, tokenizer.eosId]
  return { token_ids, token_offsets: offsetsOf(tokenizer, token_ids) }
}

/** Columns that speak of the tokens of a row, one by one or as a whole. */
const OF_TOKENS = [
  ...["reward_model_score", "reward_unit_ends", "reward_segments", "reward_kind", "reward_variant", "reward_mode"],
  ...["reward_model_checkpoint", "reward_model_weights", "critic_type", "reward_score_scalar", "reward_score_last"],
  ...["reward_score_mean_tokens", "reward_score_sum_tokens", "reward_score_num_tokens"],
  ...["policy_log_probs", "policy_entropies", "policy_model_checkpoint", "policy_model_weights"],
  ...["policy_logprob_mean", "policy_logprob_sum", "policy_entropy_mean", "policy_num_tokens"]
] as ReadonlyArray<keyof ResultRow>

/** The row with these tokens, and whether it held scores of other ones: they say nothing of these, and are left out. */
export const withTokens = <Row extends ResultRow>(
  row: Row,
  tokens: TraceTokens
): { readonly row: Row & TraceTokens; readonly lost: boolean } => {
  const same = row.token_ids !== undefined && JSON.stringify(row.token_ids) === JSON.stringify(tokens.token_ids)
  if (same) return { row: { ...row, ...tokens }, lost: false }
  const others = { ...row }
  for (const name of OF_TOKENS) delete others[name]
  return { row: { ...others, ...tokens }, lost: OF_TOKENS.some((name) => row[name] !== undefined) }
}

/** Whether a model can read the whole of a trace: one that is too long is left unscored, never cut. */
export const fitsContext = ({ prompt, completion }: Sequence.Sequence, contextLength: number): boolean =>
  completion.length > 0 && prompt.length + completion.length <= contextLength
