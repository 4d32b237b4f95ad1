import { Schema } from "effect"
import { compared, generated, published } from "./datasetNames.ts"
import { airlOnly, type Condition, type Decoded, key } from "./Key.ts"
import { nonEmpty, nonNegative, positiveInt, share } from "./values.ts"

/** Where the configuration is one of an evaluation. */
export const evaluating: ReadonlyArray<Condition> = [{ key: "command", values: ["evaluate"] }]

/** How `rewardflow evaluate` goes about it, beside the keys of `eval` that training reads. */
export const evaluationKeys = {
  mode: key(Schema.NullOr(nonEmpty), {
    doc: "What is evaluated: `generate` or `aime` completions of its own, `pregenerated_policy` or `pregenerated_policy_and_reward` those of a file; in any case of letters, null for `generate`.",
    default: null,
    activeWhen: evaluating
  }),
  compute_policy_log_probs: key(Schema.NullOr(Schema.Boolean), {
    doc: "Whether rows get the policy's log-probabilities; null for what the mode says.",
    default: null,
    activeWhen: evaluating
  }),
  compute_reward_model_scores: key(Schema.NullOr(Schema.Boolean), {
    doc: "Whether rows get rewards; null for what the mode says, which is only ever yes with `airl`.",
    default: null,
    activeWhen: evaluating
  }),
  output_file: key(Schema.NullOr(nonEmpty), {
    doc: "File of the result rows, `.jsonl`; null for the mode's own in the directory of `model.name`.",
    default: null,
    activeWhen: evaluating
  }),
  pregenerated_jsonl_path: key(Schema.NullOr(nonEmpty), {
    doc: "Result file whose completions are scored; it must be there.",
    default: null,
    activeWhen: evaluating
  }),
  pregenerated_source_dir: key(Schema.NullOr(nonEmpty), {
    doc: "Directory in which such a file is looked for; null for that of `model.policy_name` or `model.name`.",
    default: null,
    activeWhen: evaluating
  }),
  pregenerated_candidates: key(Schema.NullOr(Schema.Array(nonEmpty)), {
    doc: "File names looked for, the first that is there; null for those that the modes write.",
    default: null,
    mapped: "by default what `generate` writes comes before the reference's names, so that the modes chain",
    activeWhen: evaluating
  }),
  reward_model: key(Schema.NullOr(nonEmpty), {
    doc: "Reward model: its folder, or the run that made it; null for that of `model.name`.",
    default: null,
    own: true,
    activeWhen: [...evaluating, ...airlOnly]
  }),
  n_samples: key(positiveInt, { doc: "Completions of each problem, N.", default: 16, activeWhen: evaluating }),
  temperature: key(nonNegative, {
    doc: "Temperature of the evaluated completions; 0 is greedy.",
    default: 1,
    activeWhen: evaluating
  }),
  top_p: key(Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(1)), {
    doc: "Probability mass that they are drawn from.",
    default: 0.95,
    activeWhen: evaluating
  }),
  ks: key(Schema.Array(positiveInt), {
    doc: "Numbers k of pass@k and success@k; one above the completions of a prompt is left out.",
    default: [1, 3, 5, 10],
    activeWhen: evaluating
  }),
  max_problems: key(Schema.NullOr(positiveInt), {
    doc: "Problems that are evaluated, the first of the split; null for all.",
    default: null,
    own: true,
    activeWhen: evaluating
  })
} as const

const guided: ReadonlyArray<Condition> = [...evaluating, ...airlOnly]
const by = (method: string): ReadonlyArray<Condition> => [...guided, { key: "guidance.method", values: [method] }]

/** How the reward model leads the policy's draws. */
export const guidanceKeys = {
  method: key(Schema.Literals(["none", "topk", "chunk"]), {
    doc: "How: `topk` raises the likeliest tokens by their reward, `chunk` keeps the best of several continuations.",
    default: "none",
    activeWhen: guided
  }),
  alpha: key(nonNegative, { doc: "Weight of the reward beside the logits.", default: 1, activeWhen: by("topk") }),
  k: key(positiveInt, { doc: "Likeliest tokens that are raised.", default: 5, activeWhen: by("topk") }),
  n_candidates: key(positiveInt, { doc: "Continuations that are compared.", default: 4, activeWhen: by("chunk") }),
  step_size: key(positiveInt, { doc: "Tokens of a continuation.", default: 10, activeWhen: by("chunk") }),
  dense_reward_gamma: key(share, {
    doc: "Discount γ of the mean that scores a prefix where every token has a reward; the newest weighs 1.",
    default: 0.95,
    activeWhen: [
      ...guided,
      { key: "guidance.method", not: ["none"] },
      { key: "model.dense_rewards", values: [true, "full"] }
    ]
  })
} as const

export type GuidanceConfig = Decoded<typeof guidanceKeys>

const intervals: ReadonlyArray<Condition> = [...airlOnly, { key: "model.dense_rewards", values: ["partial_fixed"] }]
const segments: ReadonlyArray<Condition> = [...airlOnly, { key: "model.critic_type", values: ["airl_segment"] }]
const clipped: ReadonlyArray<Condition> = [...airlOnly, { key: "model.clip_reward_model", values: [true] }]
const served: ReadonlyArray<Condition> = [{ key: "training.use_vllm", values: [true] }]

/** Keys of training that an evaluation reads too, and where they matter to it. All others would do nothing. */
export const evaluatedKeys: Readonly<Record<string, ReadonlyArray<Condition>>> = {
  algorithm: [],
  seed: [],
  "model.name": [],
  "model.policy_name": [{ key: "eval.mode", not: [null, "generate", "aime"] }],
  "model.chat_template": [],
  "model.max_prompt_length": [],
  "model.max_completion_length": [],
  "model.dense_rewards": airlOnly,
  "model.dense_partial_fixed_n": intervals,
  "model.critic_type": airlOnly,
  "model.segment_tokens": segments,
  "model.reward_mode": segments,
  "model.airl_gamma": segments,
  "model.lambda_shape": segments,
  "model.shape_clamp": segments,
  "model.clip_reward_model": airlOnly,
  "model.reward_lb": clipped,
  "model.reward_ub": clipped,
  "dataset.name": [],
  "dataset.path": published,
  "dataset.split": [],
  "dataset.val_ratio": published,
  "dataset.no_system": published,
  "dataset.grader": compared,
  "dataset.size": generated,
  "training.use_vllm": [],
  "training.vllm_server_base_url": served,
  "training.vllm_server_timeout": served,
  "training.vllm_model": served,
  "training.vllm_logprobs_mode": served
}
