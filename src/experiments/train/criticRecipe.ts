import type { RunConfig } from "../../core/config/index.ts"
import type { SegmentOptions } from "../../core/learner/index.ts"
import { Discriminator, type DiscriminatorObjective, RewardForms, Segment } from "../../core/objective/index.ts"
import { adapterRecipe } from "./adapterRecipe.ts"
import { perturbationsNamed } from "./perturbationsNamed.ts"
import type { CriticRecipe, GranularityRecipe, LoadRecipe } from "./Recipe.ts"

type Model = RunConfig["model"]

const granularityOf = ({ dense_rewards, dense_partial_fixed_n }: Model): GranularityRecipe => {
  switch (dense_rewards) {
    case false:
      return { _tag: "Sparse" }
    case "partial":
      return { _tag: "Stepwise" }
    case "partial_fixed":
      return { _tag: "Interval", tokens: dense_partial_fixed_n }
    case true:
    case "full":
      return { _tag: "Dense" }
  }
}

const objectiveOf = (model: Model): DiscriminatorObjective => {
  switch (model.classifier_loss) {
    case "bce":
      return Discriminator.bce({ labelSmoothing: model.disc_label_smoothing })
    case "wgan":
      return Discriminator.wgan({ gradientPenalty: model.gradient_penalty_coef })
    case "gad":
    case "gad_pairwise":
    case "pairwise_bt": {
      const negatives = model.disc_pairwise_negatives_per_prompt ?? 0
      return Discriminator.pairwise({ margin: model.disc_pairwise_margin, ...(negatives === 0 ? {} : { negatives }) })
    }
  }
}

const clampOf = ({ clip_reward_model, reward_lb, reward_ub }: Model): { readonly clamp?: readonly [number, number] } =>
  clip_reward_model ? { clamp: [reward_lb, reward_ub] } : {}

const formOf = ({ reward_form }: Model) =>
  ({
    logit: RewardForms.logit,
    log_ratio: RewardForms.logRatio,
    gail: RewardForms.gail,
    log_expert: RewardForms.logExpert
  })[reward_form]

const segmentReward = ({ reward_mode, lambda_shape }: Model) => {
  switch (reward_mode) {
    case "mean_g":
      return Segment.rewardG
    case "mean_g_plus_shape":
      return Segment.rewardGPlusShape(lambda_shape)
    case "mean_f":
    case "standard":
      return Segment.rewardF
  }
}

const segmentOf = (model: Model): SegmentOptions => ({
  gamma: model.airl_gamma,
  ...(model.shape_clamp === null ? {} : { shapeClamp: model.shape_clamp }),
  potentialPenalty: model.h_l2_penalty,
  shapePenalty: model.shape_l2_penalty,
  potentialRate: model.h_head_lr_mult,
  offset: model.segment_offset,
  reward: segmentReward(model),
  ...clampOf(model)
})

/**
 * Negatives of one update. With replay the reference draws half of `per_device_train_batch_size` from all negatives,
 * perturbed ones in their share; without, and always in the warm-up, it takes the whole batch.
 */
const batchesOf = (
  { model, training }: RunConfig,
  promptsPerStep: number
): Pick<CriticRecipe, "batch" | "warmupBatch"> => {
  const traces = training.per_device_train_batch_size * training.gradient_accumulation_steps
  const versions = model.num_neg_perturbations_per_expert
  const freshShare = training.buffer_size === 0 ? 1 : training.replay_fresh_share
  const rest = versions === 0 ? { freshShare } : { freshShare, versions }
  if (model.reward_batch !== null) return { batch: { ...model.reward_batch, ...rest } }
  const whole = { rollouts: traces, perturbed: versions === 0 ? 0 : promptsPerStep, ...rest, freshShare: 1 }
  if (training.buffer_size === 0) return { batch: whole }
  const drawn = Math.max(1, Math.floor(training.per_device_train_batch_size / 2))
  const wrong = promptsPerStep * versions
  const perturbed = versions === 0 ? 0 : Math.max(1, Math.round((drawn * wrong) / (traces + wrong) / versions))
  return { batch: { rollouts: Math.max(1, drawn - perturbed * versions), perturbed, ...rest }, warmupBatch: whole }
}

const loadOf = ({ model, training }: RunConfig): { readonly load?: LoadRecipe } => {
  if (training.freeze_discriminator)
    return { load: { from: model.frozen_discriminator_path!, optimiser: false, continueWarmup: false } }
  return model.warmup_reward_dir === null
    ? {}
    : {
        load: {
          from: model.warmup_reward_dir,
          optimiser: training.load_warmup_reward_optimizer,
          continueWarmup: training.continue_reward_warmup_after_load
        }
      }
}

const trunkOf = (name: string): CriticRecipe["trunk"] =>
  name === "policy" ? { _tag: "Policy" } : name === "fresh" ? { _tag: "Fresh" } : { _tag: "Named", name }

/** How the reward model of `airl` learns. */
export const criticRecipe = (config: RunConfig, promptsPerStep: number): CriticRecipe => {
  const { model, training } = config
  const frozen = training.freeze_discriminator
  return {
    trunk: trunkOf(model.reward_name!),
    head: model.reward_head,
    ...adapterRecipe(config, model.reward_head === "scalar" ? model.reward_lora_rank : null),
    granularity: granularityOf(model),
    objective: objectiveOf(model),
    ...(model.critic_type === "airl_segment"
      ? { segment: segmentOf(model), segmentTokens: model.segment_tokens }
      : { scale: { form: formOf(model), temperature: model.disc_temperature, ...clampOf(model) } }),
    ...batchesOf(config, promptsPerStep),
    dedup: model.dedup,
    ...(training.max_micro_batch === null ? {} : { microBatch: training.max_micro_batch }),
    negatives: perturbationsNamed(model.num_neg_perturbations_per_expert === 0 ? [] : model.neg_perturb_fns),
    switchLabels: model.switch_label_if_correct,
    replayCapacity: training.buffer_size * training.per_device_train_batch_size * training.gradient_accumulation_steps,
    warmupUpdates: frozen ? 0 : training.reward_warmup_steps,
    updatesPerWarmupBatch: training.reward_updates_per_warmup_batch,
    updates: frozen || training.freeze_reward_after_warmup ? 0 : model.reward_updates_per_policy_step,
    verifyUpdates: training.verify_reward_updates,
    failOnUnchanged: training.fail_on_unchanged_reward_checkpoint,
    ...loadOf(config),
    optimiser: {
      learningRate: model.reward_learning_rate ?? 0,
      warmupSteps: training.reward_lr_warmup_steps ?? training.reward_warmup_steps,
      weightDecay: training.weight_decay,
      beta1: training.adam_beta1,
      beta2: training.adam_beta2,
      maxGradNorm: training.max_grad_norm,
      decay: training.lr_scheduler_type
    }
  }
}
