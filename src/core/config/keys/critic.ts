import { Schema } from "effect"
import { airlOnly, type Condition, type Decoded, key } from "./Key.ts"
import { count, nonEmpty, nonNegative, positive, positiveInt, share } from "./values.ts"

/** Names of the losses that compare an expert's trace with rollouts of its own prompt. */
export const pairwiseLosses = ["gad", "gad_pairwise", "pairwise_bt"] as const

const standard: ReadonlyArray<Condition> = [...airlOnly, { key: "model.critic_type", values: ["standard"] }]
const segment: ReadonlyArray<Condition> = [...airlOnly, { key: "model.critic_type", values: ["airl_segment"] }]
const local: ReadonlyArray<Condition> = [...segment, { key: "model.use_segment_local_advantage", values: [true] }]
const clippedDelta: ReadonlyArray<Condition> = [...local, { key: "model.local_signal", values: ["clipped_delta_f"] }]
const shaping: ReadonlyArray<Condition> = [...segment, { key: "model.reward_mode", values: ["mean_g_plus_shape"] }]
const learning: ReadonlyArray<Condition> = [...airlOnly, { key: "training.freeze_discriminator", values: [false] }]
const shaped: ReadonlyArray<Condition> = [...segment, { key: "training.freeze_discriminator", values: [false] }]
const pairs: ReadonlyArray<Condition> = [...learning, { key: "model.classifier_loss", values: [...pairwiseLosses] }]
const bce: ReadonlyArray<Condition> = [...learning, { key: "model.classifier_loss", values: ["bce"] }]
const wgan: ReadonlyArray<Condition> = [...learning, { key: "model.classifier_loss", values: ["wgan"] }]
const clipped: ReadonlyArray<Condition> = [...airlOnly, { key: "model.clip_reward_model", values: [true] }]

/** How the reward model learns, and what it is worth to the policy. */
export const criticKeys = {
  critic_type: key(Schema.Literals(["standard", "airl_segment"]), {
    doc: "What a unit's logit is: the model's own (`standard`), or g + shaping - log π of a segment (`airl_segment`).",
    default: "standard",
    activeWhen: airlOnly
  }),
  classifier_loss: key(Schema.Literals(["bce", "wgan", ...pairwiseLosses]), {
    doc: "Loss of the reward model: cross-entropy, Wasserstein with a gradient penalty, or pairs of one prompt's traces (`gad` and its other names).",
    default: "bce",
    mapped: "`wgan` has a real gradient penalty, see model.gradient_penalty_coef",
    activeWhen: learning
  }),
  disc_label_smoothing: key(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0), Schema.isLessThan(0.5)), {
    doc: "Label smoothing ε: targets are 1-ε and ε.",
    default: 0,
    activeWhen: bce
  }),
  disc_temperature: key(positive, {
    doc: "Divides the logits that become rewards; the loss does not see it.",
    default: 1,
    activeWhen: standard
  }),
  disc_pairwise_margin: key(Schema.Finite, { doc: "Margin m of a pair.", default: 0, activeWhen: pairs }),
  disc_pairwise_negatives_per_prompt: key(Schema.NullOr(count), {
    doc: "Rollouts that each expert is compared with, drawn from those of its prompt; 0 or null for all.",
    default: 0,
    activeWhen: pairs
  }),
  gradient_penalty_coef: key(nonNegative, {
    doc: "Weight λ of the gradient penalty on traces between expert and rollout.",
    default: 10,
    mapped: "real here; the reference reads the key and does nothing with it",
    activeWhen: wgan
  }),
  reward_head: key(Schema.Literals(["scalar", "verifier"]), {
    doc: "What makes a logit of the trunk's states: a linear layer, all weights training, or fresh layers on a frozen trunk that also see what it expected.",
    default: "scalar",
    own: true,
    activeWhen: standard
  }),
  reward_form: key(Schema.Literals(["logit", "log_ratio", "gail", "log_expert"]), {
    doc: "What a logit f is worth, D = σ(f): `logit` f, `log_ratio` log D - log(1-D), `gail` -log(1-D), `log_expert` log D.",
    default: "logit",
    own: true,
    activeWhen: standard
  }),
  reward_batch: key(Schema.NullOr(Schema.Struct({ rollouts: count, perturbed: count })), {
    doc: "Negatives of one update of the reward model, in the warm-up too, each beside an expert's trace; null for as many as the reference has.",
    default: null,
    own: true,
    activeWhen: learning
  }),
  dedup: key(Schema.Boolean, {
    doc: "Whether traces that recur in an update count as one.",
    default: false,
    own: true,
    activeWhen: learning
  }),
  warmup_reward_dir: key(Schema.NullOr(nonEmpty), {
    doc: "A trained reward model to start from: its folder, or the run that made it.",
    default: null,
    mapped: "a folder that is not there is an error, not a warning",
    activeWhen: learning
  }),
  frozen_discriminator_path: key(Schema.NullOr(nonEmpty), {
    doc: "A trained reward model that stays as it is.",
    default: null,
    activeWhen: [...airlOnly, { key: "training.freeze_discriminator", values: [true] }]
  }),
  clip_reward_model: key(Schema.Boolean, {
    doc: "Whether rewards are clamped to [reward_lb, reward_ub].",
    default: false,
    activeWhen: airlOnly
  }),
  reward_lb: key(Schema.Finite, { doc: "Lowest reward.", default: -1, activeWhen: clipped }),
  reward_ub: key(Schema.Finite, { doc: "Highest reward.", default: 1, activeWhen: clipped }),
  reward_mode: key(Schema.Literals(["standard", "mean_g", "mean_f", "mean_g_plus_shape"]), {
    doc: "What rewards the policy: the mean over segments of f (`mean_f`, `standard`), of g, or of g + λ·shaping.",
    default: "standard",
    activeWhen: segment
  }),
  policy_reward_density: key(Schema.Literals(["sequence", "interval"]), {
    doc: "Whether the segments' rewards are averaged to one a trace, or each counts for its own tokens.",
    default: "sequence",
    refused: { token: "the reference rejects it too." },
    activeWhen: segment
  }),
  segment_tokens: key(positiveInt, {
    doc: "Tokens of a segment where the granularity leaves a completion in one piece.",
    default: 15,
    activeWhen: segment
  }),
  airl_gamma: key(share, { doc: "Discount γ of the shaping terms.", default: 1, activeWhen: segment }),
  h_head_lr_mult: key(positive, {
    doc: "Learning rate of the potential's head over that of the rest.",
    default: 0.5,
    activeWhen: shaped
  }),
  lambda_shape: key(Schema.Finite, { doc: "Weight λ of shaping in the reward.", default: 1, activeWhen: shaping }),
  h_l2_penalty: key(nonNegative, { doc: "Penalty on squared potentials.", default: 1e-4, activeWhen: shaped }),
  shape_l2_penalty: key(nonNegative, { doc: "Penalty on squared shaping.", default: 1e-4, activeWhen: shaped }),
  shape_clamp: key(Schema.NullOr(positive), {
    doc: "Shaping is clamped to plus or minus this; null for no bounds.",
    default: null,
    activeWhen: segment
  }),
  segment_offset: key(Schema.Literals(["segment", "token"]), {
    doc: "What is taken from a segment's f: log π of all its tokens, or the mean over them.",
    default: "segment",
    own: true,
    activeWhen: shaped
  }),
  use_segment_local_advantage: key(Schema.Boolean, {
    doc: "Whether advantages add a segment's own signal.",
    default: false,
    activeWhen: [...segment, { key: "model.policy_reward_density", values: ["interval"] }]
  }),
  lambda_local: key(Schema.Finite, { doc: "Weight of that signal.", default: 0.05, activeWhen: local }),
  local_signal: key(Schema.Literals(["g", "clipped_delta_f", "drop_f"]), {
    doc: "The signal: g, the clipped rise of f, or less its fall.",
    default: "drop_f",
    activeWhen: local
  }),
  clipped_delta_f_min: key(Schema.Finite, { doc: "Lowest rise of f.", default: -2, activeWhen: clippedDelta }),
  clipped_delta_f_max: key(Schema.Finite, { doc: "Highest rise of f.", default: 2, activeWhen: clippedDelta })
} as const

export type CriticConfig = Decoded<typeof criticKeys>
