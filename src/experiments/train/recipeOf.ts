import type { RunConfig } from "../../core/config/index.ts"
import { Advantage, Aggregations, KlEstimators, PolicyLoss, SamplerCorrections } from "../../core/objective/index.ts"
import { Perturbations } from "../../core/reward/index.ts"
import { adapterRecipe } from "./adapterRecipe.ts"
import { criticRecipe } from "./criticRecipe.ts"
import { perturbationsNamed } from "./perturbationsNamed.ts"
import type {
  DataRecipe,
  Duration,
  Learning,
  ModelSource,
  OpsdRecipe,
  PolicyOptimiser,
  PolicyRecipe,
  Recipe,
  SftRecipe
} from "./Recipe.ts"
import { segmentAdvantage } from "./segmentAdvantage.ts"

const durationOf = ({ max_steps, epochs }: RunConfig["training"]): Duration =>
  max_steps === null ? { epochs: epochs! } : { steps: max_steps }

const optimiserOf = ({ training }: RunConfig, learningRate: number): PolicyOptimiser => ({
  learningRate,
  warmupShare: training.warmup_ratio,
  weightDecay: training.weight_decay,
  beta1: training.adam_beta1,
  beta2: training.adam_beta2,
  maxGradNorm: training.max_grad_norm,
  decay: training.lr_scheduler_type
})

/** One reward a trace, compared in its group. */
const compared = (scale: RunConfig["training"]["scale_rewards"]): PolicyRecipe["advantage"] =>
  scale === "batch" ? Advantage.batchScaled() : Advantage.groupRelative({ scale })

/** Whether the rewards of a trace's units reach the policy one by one: a segment critic's are averaged, or count alone. */
const ofUnits = ({ algorithm, model }: RunConfig): boolean =>
  algorithm === "airl" && model.critic_type === "standard" && model.dense_rewards !== false

const advantageOf = (config: RunConfig): PolicyRecipe["advantage"] => {
  const { algorithm, model, training } = config
  const scale = training.scale_rewards
  if (algorithm === "airl" && model.critic_type === "airl_segment" && model.policy_reward_density === "interval")
    return segmentAdvantage(model)
  if (!ofUnits(config)) return compared(scale)
  const gamma = model.dense_gamma
  switch (model.advantage_calculation) {
    case "grpo":
      return compared(scale)
    case "average_dense":
      return scale === "batch" ? Advantage.batchScaled() : Advantage.averageDense({ scale })
    case "discounted_dense":
      return Advantage.discountedDense({ gamma })
    case "prime":
      return Advantage.leaveOneOut({ gamma })
    case "discounted":
      return Advantage.discounted(gamma)
    case "unit_relative":
      return Advantage.unitRelative({ gamma })
  }
}

const aggregationOf = ({ training, model }: RunConfig) => {
  switch (training.loss_type) {
    case "grpo":
      return Aggregations.grpo
    case "bnpo":
      return Aggregations.bnpo
    case "dapo":
      return Aggregations.dapo
    case "dr_grpo":
      return Aggregations.drGrpo(model.max_completion_length)
  }
}

const objectiveOf = (config: RunConfig) => {
  const { training } = config
  const { importance_correction: level, importance_cap: cap } = training
  return PolicyLoss.clippedSurrogate({
    clipLow: training.epsilon,
    clipHigh: training.epsilon_high ?? training.epsilon,
    klCoefficient: training.beta,
    klEstimator: KlEstimators[training.kl_estimator],
    aggregation: aggregationOf(config),
    ...(level === "none" ? {} : { correction: SamplerCorrections.truncated({ level, cap }) })
  })
}

/** The traces of a step, N. */
const tracesOf = ({ training }: RunConfig): number =>
  training.per_device_train_batch_size * training.gradient_accumulation_steps

const pretraining = (config: RunConfig): { readonly sft?: SftRecipe } => {
  const { steps, batch_size, learning_rate } = config.sft
  return steps === 0
    ? {}
    : { sft: { length: { steps }, batchSize: batch_size, optimiser: optimiserOf(config, learning_rate) } }
}

/** One expert a prompt, or as many as rollouts. */
const expertsOf = ({ model }: RunConfig, generations: number): Pick<PolicyRecipe, "experts"> => {
  if (model.add_expert_to_policy_balanced)
    return { experts: { prompts: Number.POSITIVE_INFINITY, copies: generations } }
  return model.add_expert_to_policy_optim ? { experts: { prompts: Number.POSITIVE_INFINITY } } : {}
}

/** Under `discounted_dense` the reference adds the outcome's own advantage; else it adds the outcome to the reward. */
const joinOf = (config: RunConfig): NonNullable<PolicyRecipe["outcomes"]> =>
  ofUnits(config) && config.model.advantage_calculation === "discounted_dense" ? "advantage" : "reward"

const policyOf = (config: RunConfig): PolicyRecipe => {
  const { algorithm, model, training, sampling } = config
  const airl = algorithm === "airl"
  const generations = airl ? sampling.num_generations : training.num_generations
  const promptsPerStep = tracesOf(config) / generations
  return {
    length: durationOf(training),
    promptsPerStep,
    generations,
    advantage: advantageOf(config),
    objective: objectiveOf(config),
    updates: algorithm === "opsd" && config.opsd.mode === "direct" ? 1 : training.num_iterations,
    ...(training.policy_micro_batch === null ? {} : { microBatch: training.policy_micro_batch }),
    ...(airl ? expertsOf(config, generations) : {}),
    ...(airl && model.use_outcome_rewards ? { outcomes: joinOf(config) } : {}),
    truncatedCount: !training.mask_truncated_completions,
    optimiser: optimiserOf(config, (airl ? model.policy_learning_rate : training.learning_rate)!),
    keep: config.eval.keep,
    ...pretraining(config)
  }
}

const opsdOf = ({ opsd }: RunConfig): OpsdRecipe => ({
  kind: opsd.mode,
  standardise: opsd.mode === "direct" && opsd.normalize_weights,
  weights: { temperature: opsd.reward_temperature, clamp: [opsd.reward_lb, opsd.reward_ub] }
})

const learningOf = (config: RunConfig): Learning => {
  const { algorithm, training } = config
  switch (algorithm) {
    case "sft":
      return {
        _tag: "Sft",
        length: durationOf(training),
        batchSize: tracesOf(config),
        optimiser: optimiserOf(config, training.learning_rate!)
      }
    case "grpo":
      return { _tag: "Grpo", ...policyOf(config) }
    case "opsd":
      return { _tag: "Opsd", mode: opsdOf(config), ...policyOf(config) }
    case "airl": {
      const policy = policyOf(config)
      return { _tag: "Airl", policy, critic: criticRecipe(config, policy.promptsPerStep) }
    }
  }
}

const errorsOf = ({ dataset, algorithm }: RunConfig): Pick<DataRecipe, "errors"> =>
  dataset.expert_error_rate === 0 || algorithm === "grpo"
    ? {}
    : {
        errors: {
          rate: dataset.expert_error_rate,
          perturbation: Perturbations.oneOf(perturbationsNamed(dataset.expert_error_fns).perturbations)
        }
      }

const policySource = ({ algorithm, model }: RunConfig): ModelSource => {
  const name = (algorithm === "airl" ? model.policy_name : model.name)!
  if (name !== "fresh") return { _tag: "Named", name }
  const { feed_forward: feedForward, ...shape } = model.shape!
  return { _tag: "Fresh", shape: { ...shape, feedForward } }
}

const serverOf = ({ training }: RunConfig): Pick<Recipe, "server"> =>
  training.use_vllm
    ? {
        server: {
          url: training.vllm_server_base_url!,
          logProbs: training.vllm_logprobs_mode,
          timeout: training.vllm_server_timeout,
          versions: training.vllm_max_loras,
          ...(training.vllm_model === null ? {} : { model: training.vllm_model }),
          ...(training.vllm_lora_dir === null ? {} : { folder: training.vllm_lora_dir }),
          ...(training.vllm_lora_dir_on_server === null ? {} : { folderThere: training.vllm_lora_dir_on_server })
        }
      }
    : {}

/** What a configuration asks for, as values of the library. @see specs/41-run-configuration.md */
export const recipeOf = (config: RunConfig): Recipe => {
  const { seed, model, dataset, sampling, eval: looks } = config
  return {
    seed,
    data: {
      name: dataset.name,
      place: dataset.path,
      trainShare: dataset.train_ratio,
      validationShare: dataset.val_ratio,
      noSystem: dataset.no_system,
      ...(dataset.grader === "task" ? {} : { grader: dataset.grader }),
      size: dataset.size,
      ...errorsOf(config)
    },
    limits: { prompt: model.max_prompt_length, completion: model.max_completion_length },
    policy: policySource(config),
    ...adapterRecipe(config, config.algorithm === "airl" ? model.policy_lora_rank : model.lora_rank),
    memory: {
      recompute: model.use_gradient_checkpointing,
      ...(model.logit_chunk === null ? {} : { logitChunk: model.logit_chunk }),
      ...(config.training.reward_score_micro_batch === null
        ? {}
        : { scoringRows: config.training.reward_score_micro_batch })
    },
    chatTemplate: model.chat_template,
    savedAs: ({ float32: "F32", float16: "F16", bfloat16: "BF16" } as const)[model.save_dtype],
    ...serverOf(config),
    sampling: { temperature: sampling.temperature, topP: sampling.top_p },
    looks: { every: looks.eval_steps, problems: looks.problems, testProblems: looks.test_problems },
    learning: learningOf(config)
  }
}
