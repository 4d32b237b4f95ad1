import { Schema } from "effect"
import { Message } from "./Message.ts"

/** Version of the row format below; raised when a field changes its meaning. */
export const schemaVersion = 1

const Score = Schema.NullOr(Schema.Finite)

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
  reward_model_score: Schema.optionalKey(Schema.Array(Score)),
  /** Log-probabilities of the tokens under the policy, in nats. */
  policy_log_probs: Schema.optionalKey(Schema.Array(Score)),
  /** 2 correct, 0 wrong, null where no verdict was possible: see `correctness_outcome`. */
  correctness_reward_func: Score,
  xmlcount_reward_func: Schema.optionalKey(Score),
  soft_format_reward_func: Schema.optionalKey(Score),
  strict_format_reward_func: Schema.optionalKey(Score),
  int_reward_func: Schema.optionalKey(Score),

  prompt_id: Schema.optionalKey(Schema.NonEmptyString),
  gold_answer: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** What the completion gave as its answer, null when none was found. */
  extracted_answer: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** Scored | Unverifiable | TimedOut | Skipped, with the reason. */
  correctness_outcome: Schema.optionalKey(Schema.String),
  finish_reason: Schema.optionalKey(Schema.Literals(["stop", "length"])),
  token_ids: Schema.optionalKey(Schema.Array(Schema.Int)),
  /** Start of each token in `generation.content`, in UTF-16 units. */
  token_offsets: Schema.optionalKey(Schema.Array(Schema.Int)),
  /** Index of the last token of each unit that the reward was given to. */
  reward_unit_ends: Schema.optionalKey(Schema.Array(Schema.Int)),
  /** Whether correctness was judged on a lenient reading of the answer ("$18" for "18"). */
  format_adjusted: Schema.optionalKey(Schema.Boolean),
  /** Granularity and objective of the reward model. */
  reward_kind: Schema.optionalKey(Schema.String),
  checkpoint_id: Schema.optionalKey(Schema.String),
  category: Schema.optionalKey(Schema.String),
  /** Who wrote the generation, where it is not the policy of this run. */
  source: Schema.optionalKey(Schema.String),
  schema_version: Schema.optionalKey(Schema.Int)
})
export type ResultRow = typeof ResultRow.Type
