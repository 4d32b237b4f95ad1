import { Schema } from "effect"
import { evaluationKeys } from "./evaluation.ts"
import { airlOnly, type Condition, type Decoded, key, when } from "./Key.ts"
import { serverKeys } from "./server.ts"
import { count, decay, nonEmpty, nonNegative, positive, positiveInt, share } from "./values.ts"

const policies = when("grpo", "airl", "opsd")
/** Where the policy's loss is the clipped surrogate. */
const surrogate: ReadonlyArray<Condition> = [
  ...policies,
  {
    either: [
      { key: "algorithm", not: ["opsd"] },
      { key: "opsd.mode", values: ["grpo"] }
    ]
  }
]
/** Where each trace has one reward, which is compared with others'. */
const compared: ReadonlyArray<Condition> = [
  ...surrogate,
  {
    either: [
      { key: "algorithm", not: ["airl"] },
      { key: "model.critic_type", values: ["airl_segment"] },
      { key: "model.dense_rewards", values: [false] },
      { key: "model.advantage_calculation", values: ["grpo", "average_dense"] }
    ]
  },
  {
    either: [
      { key: "algorithm", not: ["airl"] },
      { key: "model.critic_type", values: ["standard"] },
      { key: "model.policy_reward_density", values: ["sequence"] }
    ]
  }
]
const trained: ReadonlyArray<Condition> = [...airlOnly, { key: "training.freeze_discriminator", values: [false] }]
const updated: ReadonlyArray<Condition> = [
  ...trained,
  { key: "model.reward_updates_per_policy_step", not: [0] },
  { key: "training.freeze_reward_after_warmup", values: [false] }
]
/** Where an update may see past rollouts: before policy steps, and in the warm-up where its batch is given. */
const replayed: ReadonlyArray<Condition> = [
  ...trained,
  {
    either: [
      { key: "model.reward_updates_per_policy_step", not: [0] },
      { key: "model.reward_batch", not: [null] }
    ]
  },
  {
    either: [
      { key: "training.freeze_reward_after_warmup", values: [false] },
      { key: "model.reward_batch", not: [null] }
    ]
  }
]
const warmed: ReadonlyArray<Condition> = [...trained, { key: "training.reward_warmup_steps", not: [0] }]
const loaded: ReadonlyArray<Condition> = [...trained, { key: "model.warmup_reward_dir", not: [null] }]

export const trainingKeys = {
  learning_rate: key(Schema.NullOr(positive), {
    doc: "Highest learning rate of all but `airl`.",
    default: null,
    activeWhen: [{ key: "algorithm", not: ["airl"] }]
  }),
  num_generations: key(positiveInt, {
    doc: "Completions of each prompt, G.",
    default: 8,
    activeWhen: when("grpo", "opsd")
  }),
  adam_beta1: key(decay, { doc: "Decay of AdamW's first moment.", default: 0.9 }),
  adam_beta2: key(decay, { doc: "Decay of AdamW's second moment.", default: 0.99 }),
  weight_decay: key(nonNegative, { doc: "Decoupled weight decay.", default: 0.1 }),
  optim: key(Schema.Literals(["adamw", "adamw_torch", "adamw_8bit", "paged_adamw_8bit"]), {
    doc: "The optimiser.",
    default: "adamw",
    mapped: "AdamW with moments of full precision, whichever storage the name asks for"
  }),
  warmup_ratio: key(share, { doc: "Share of the policy's steps in which its rate rises.", default: 0.1 }),
  lr_scheduler_type: key(Schema.Literals(["cosine", "linear", "constant"]), {
    doc: "How the rate falls after its warm-up.",
    default: "cosine"
  }),
  max_grad_norm: key(positive, { doc: "Gradients are clipped to this global norm.", default: 1 }),
  per_device_train_batch_size: key(positiveInt, {
    doc: "With gradient_accumulation_steps, the traces of a step.",
    default: 16,
    mapped: "the product of the two is the traces of a step, N; how they are split over memory is the backend's"
  }),
  gradient_accumulation_steps: key(positiveInt, {
    doc: "With per_device_train_batch_size, the traces of a step.",
    default: 1,
    mapped: "see per_device_train_batch_size"
  }),
  max_steps: key(Schema.NullOr(positiveInt), { doc: "Policy steps, or SFT steps; wins over epochs.", default: null }),
  epochs: key(Schema.NullOr(positive), {
    doc: "Passes over the training problems.",
    default: null,
    activeWhen: [{ key: "training.max_steps", values: [null] }]
  }),
  beta: key(nonNegative, {
    doc: "Weight of the KL divergence from the reference policy.",
    default: 0,
    activeWhen: surrogate
  }),
  max_micro_batch: key(Schema.NullOr(positiveInt), {
    doc: "Most traces of an update of the reward model whose activations are held at once; null for all.",
    default: null,
    mapped: "the update is the same, at the price of a second pass",
    activeWhen: trained
  }),
  reward_score_micro_batch: key(Schema.NullOr(positiveInt), {
    doc: "Sequences that are scored at once, by policies and the reward model; null for 64, or fewer where the longest is over 256 tokens, which suits small models.",
    default: null,
    mapped: "for log-probabilities as well as rewards; null is not max_micro_batch",
    activeWhen: policies
  }),
  buffer_size: key(count, {
    doc: "Steps whose rollouts are kept for replay.",
    default: 0,
    mapped: "a replay buffer of buffer_size times the traces of a step; see training.replay_fresh_share",
    activeWhen: replayed
  }),
  replay_fresh_share: key(share, {
    doc: "Share of an update's rollouts that the present policy drew; the others are from the replay buffer.",
    default: 0.5,
    own: true,
    activeWhen: [...replayed, { key: "training.buffer_size", not: [0] }]
  }),
  reward_warmup_steps: key(count, {
    doc: "Updates of the reward model before the policy's first step; its learning rate rises over them.",
    default: 0,
    activeWhen: trained
  }),
  reward_updates_per_warmup_batch: key(positiveInt, {
    doc: "Updates of the warm-up on one batch of rollouts.",
    default: 1,
    own: true,
    activeWhen: warmed
  }),
  reward_lr_warmup_steps: key(Schema.NullOr(count), {
    doc: "Updates over which the reward model's learning rate rises; null for reward_warmup_steps, as in the reference.",
    default: null,
    own: true,
    activeWhen: warmed
  }),
  continue_reward_warmup_after_load: key(Schema.Boolean, {
    doc: "Whether a loaded reward model goes through the warm-up all the same.",
    default: false,
    activeWhen: [...loaded, { key: "training.reward_warmup_steps", not: [0] }]
  }),
  load_warmup_reward_optimizer: key(Schema.Boolean, {
    doc: "Whether the optimiser's moments are loaded with the reward model.",
    default: true,
    activeWhen: loaded
  }),
  freeze_reward_after_warmup: key(Schema.Boolean, {
    doc: "Whether the reward model stays as the warm-up left it.",
    default: false,
    mapped: "no updates before policy steps",
    activeWhen: trained
  }),
  freeze_discriminator: key(Schema.Boolean, {
    doc: "Whether the reward model of model.frozen_discriminator_path is used as it is: no warm-up, no updates.",
    default: false,
    activeWhen: airlOnly
  }),
  verify_reward_updates: key(Schema.Boolean, {
    doc: "Whether an update that leaves the reward model as it was is an error.",
    default: true,
    activeWhen: trained
  }),
  fail_on_unchanged_reward_checkpoint: key(Schema.Boolean, {
    doc: "Whether a reward model that ends as the warm-up left it, though it was updated, is an error.",
    default: true,
    activeWhen: updated
  }),
  mask_truncated_completions: key(Schema.Boolean, {
    doc: "Whether completions that were cut at the limit are left out of the policy's loss.",
    default: false,
    activeWhen: surrogate
  }),
  loss_type: key(Schema.Literals(["grpo", "bnpo", "dr_grpo", "dapo"]), {
    doc: "How token losses add up: means of completions (`grpo`), one mean of tokens (`bnpo` of a micro-batch, `dapo` of the step), or sums over max_completion_length (`dr_grpo`).",
    default: "grpo",
    mapped: "never set in the reference, which averages chunks of one completion, and so does what `grpo` says",
    own: true,
    activeWhen: surrogate
  }),
  scale_rewards: key(Schema.Literals(["group", "batch", "none"]), {
    doc: "What a trace's advantage is divided by: the deviation of its group's rewards, of the whole step's, or nothing.",
    default: "group",
    own: true,
    activeWhen: compared
  }),
  epsilon: key(share, {
    doc: "Ratios below 1 - ε gain nothing more, and those above 1 + ε unless epsilon_high says otherwise.",
    default: 0.2,
    own: true,
    activeWhen: surrogate
  }),
  epsilon_high: key(Schema.NullOr(positive), {
    doc: "Ratios above 1 + this gain nothing more; null for epsilon.",
    default: null,
    own: true,
    activeWhen: surrogate
  }),
  kl_estimator: key(Schema.Literals(["k1", "k2", "k3"]), {
    doc: "Estimator of the KL divergence; the reference's is k3.",
    default: "k3",
    own: true,
    activeWhen: [...surrogate, { key: "training.beta", not: [0] }]
  }),
  num_iterations: key(positiveInt, {
    doc: "Policy updates on one batch of rollouts.",
    default: 1,
    own: true,
    activeWhen: surrogate
  }),
  importance_correction: key(Schema.Literals(["none", "token", "sequence"]), {
    doc: "Whether the loss corrects for a sampler that draws from another distribution than the trainer's (top_p below 1): by token, or by completion.",
    default: "none",
    own: true,
    activeWhen: surrogate
  }),
  importance_cap: key(positive, {
    doc: "Highest weight of that correction.",
    default: 2,
    own: true,
    activeWhen: [...surrogate, { key: "training.importance_correction", not: ["none"] }]
  }),
  policy_micro_batch: key(Schema.NullOr(positiveInt), {
    doc: "Most completions of a policy update whose activations are held at once; null for all.",
    default: null,
    own: true,
    activeWhen: policies
  }),
  ...serverKeys,
  output_dir: key(Schema.NullOr(nonEmpty), {
    doc: "The run directory; `--output` wins over it.",
    default: null
  })
} as const

export type TrainingConfig = Decoded<typeof trainingKeys>

/** Looks at held-out problems in training, and evaluations. */
export const evalKeys = {
  ...evaluationKeys,
  eval_steps: key(positiveInt, {
    doc: "Steps between two looks at the held-out problems, and between checkpoints.",
    default: 100
  }),
  problems: key(positiveInt, {
    doc: "Held-out problems that are looked at.",
    default: 64,
    own: true
  }),
  keep: key(Schema.Literals(["best", "last"]), {
    doc: "Which policy becomes best_model: the one that looked best on held-out problems, or the last. `airl` judges by its reward alone, never by answers.",
    default: "best",
    mapped: "the reference judges by answers to the head of the test split",
    own: true,
    activeWhen: policies
  }),
  test_problems: key(count, {
    doc: "Test problems that the finished policy answers once, for the closing table; 0 for none.",
    default: 200,
    own: true
  })
} as const

export type EvalConfig = Decoded<typeof evalKeys>

const pretrained: ReadonlyArray<Condition> = [...policies, { key: "sft.steps", not: [0] }]

/** Supervised fine-tuning that comes before reinforcement learning in the same run. */
export const sftKeys = {
  steps: key(count, {
    doc: "Steps of supervised fine-tuning on the demonstrations before the policy's first step; a fresh model needs them.",
    default: 0,
    own: true,
    activeWhen: policies
  }),
  learning_rate: key(positive, { doc: "Its highest learning rate.", default: 1e-4, own: true, activeWhen: pretrained }),
  batch_size: key(positiveInt, { doc: "Its demonstrations a step.", default: 16, own: true, activeWhen: pretrained })
} as const

export type SftConfig = Decoded<typeof sftKeys>
