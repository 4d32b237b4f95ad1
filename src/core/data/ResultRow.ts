import { Schema } from "effect"
import { Message } from "./Message.ts"

/** Version of the row format below; raised when a field changes its meaning. */
export const schemaVersion = 1

const Score = Schema.NullOr(Schema.Finite)
const Scores = Schema.Array(Score)

/** A run of tokens that a segment critic judged as one: both ends inclusive, from the completion's first token. */
const Segment = Schema.Struct({
  start: Schema.Int,
  end: Schema.Int,
  value: Score,
  g: Schema.optionalKey(Score),
  shape: Schema.optionalKey(Score),
  f: Schema.optionalKey(Score)
})

/**
 * One line of `eval_results.jsonl`: a generation with everything measured on it. The first fields are those of the
 * published result files, so that those are read too; the fields from `prompt_id` on are added here.
 *
 * Per-token lists keep one entry a completion token; a value that could not be computed is null and keeps its place.
 */
export const ResultRow = Schema.Struct({
  prompt: Schema.Array(Message),
  generation: Schema.Struct({ content: Schema.String }),
  generation_idx: Schema.Int,
  /** Token rewards (back-filled from units), in logits. Absent when no reward model scored the row. */
  reward_model_score: Schema.optionalKey(Scores),
  /** Log-probabilities of the tokens under the policy, in nats. */
  policy_log_probs: Schema.optionalKey(Scores),
  /** 2 correct, 0 wrong, null where no verdict was possible: see `correctness_outcome`. */
  correctness_reward_func: Score,
  xmlcount_reward_func: Schema.optionalKey(Score),
  soft_format_reward_func: Schema.optionalKey(Score),
  strict_format_reward_func: Schema.optionalKey(Score),
  int_reward_func: Schema.optionalKey(Score),

  prompt_id: Schema.optionalKey(Schema.NonEmptyString),
  /** The text that was continued, where a chat template does not make it of `prompt`. */
  rendered_prompt: Schema.optionalKey(Schema.String),
  gold_answer: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** What the completion gave as its answer, null when none was found. */
  extracted_answer: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** Scored | Unverifiable | TimedOut | Skipped, with the reason. */
  correctness_outcome: Schema.optionalKey(Schema.String),
  finish_reason: Schema.optionalKey(Schema.Literals(["stop", "length", "abort"])),
  token_ids: Schema.optionalKey(Schema.Array(Schema.Int)),
  /** Start of each token in `generation.content`, in UTF-16 units. */
  token_offsets: Schema.optionalKey(Schema.Array(Schema.Int)),
  /** Index of the last token of each unit that the reward was given to. */
  reward_unit_ends: Schema.optionalKey(Schema.Array(Schema.Int)),
  /** Verdict on a lenient reading of the answer ("$18" for "18"), beside the stored one; null where there is none. */
  format_adjusted_correct: Schema.optionalKey(Schema.NullOr(Schema.Boolean)),
  /** Granularity and objective of the reward model. */
  reward_kind: Schema.optionalKey(Schema.String),
  /** What drew the generation, by its place; and the SHA-256 of its weights, since a place may hold others later. */
  checkpoint_id: Schema.optionalKey(Schema.String),
  checkpoint_weights: Schema.optionalKey(Schema.String),
  dataset: Schema.optionalKey(Schema.String),
  category: Schema.optionalKey(Schema.String),
  /** Who wrote the generation, where it is not the policy of this run. */
  source: Schema.optionalKey(Schema.String),
  schema_version: Schema.optionalKey(Schema.Int),

  // What scoring stored traces again adds.
  score_label: Schema.optionalKey(Schema.String),
  source_trace_file: Schema.optionalKey(Schema.String),
  score_model_type: Schema.optionalKey(Schema.String),
  reward_model_checkpoint: Schema.optionalKey(Schema.String),
  reward_model_weights: Schema.optionalKey(Schema.String),
  /** The policy that gave log-probabilities and entropies, which need not be the one that drew. */
  policy_model_checkpoint: Schema.optionalKey(Schema.String),
  policy_model_weights: Schema.optionalKey(Schema.String),
  reward_variant: Schema.optionalKey(Schema.String),
  critic_type: Schema.optionalKey(Schema.String),
  reward_mode: Schema.optionalKey(Schema.String),
  /** Mean over segments where there are any, else over tokens. */
  reward_score_scalar: Schema.optionalKey(Score),
  reward_score_mean_tokens: Schema.optionalKey(Score),
  reward_score_sum_tokens: Schema.optionalKey(Score),
  reward_score_last: Schema.optionalKey(Score),
  reward_score_num_tokens: Schema.optionalKey(Schema.Int),
  reward_segments: Schema.optionalKey(Schema.Array(Segment)),
  /** Entropies of the whole next-token distribution, in nats. */
  policy_entropies: Schema.optionalKey(Scores),
  policy_logprob_mean: Schema.optionalKey(Score),
  policy_logprob_sum: Schema.optionalKey(Score),
  policy_entropy_mean: Schema.optionalKey(Score),
  policy_num_tokens: Schema.optionalKey(Schema.Int)
})
export type ResultRow = typeof ResultRow.Type
