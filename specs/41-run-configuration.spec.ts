import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { decode, type InvalidConfig, Nodes, type Value } from "../src/core/config/index.ts"

const least: { readonly [key: string]: Value } = {
  algorithm: "airl",
  seed: 1,
  model: {
    policy_name: "fresh",
    reward_name: "policy",
    shape: { width: 8, layers: 1, heads: 2, feed_forward: 16 },
    max_prompt_length: 8,
    max_completion_length: 8,
    policy_learning_rate: 1e-3,
    reward_learning_rate: 1e-3
  },
  dataset: { name: "arithmetic" },
  training: { max_steps: 1 }
}

/** The keys of the reference with the values of its main runs on GSM8K. */
const reference: { readonly [key: string]: Value } = {
  seed: 42,
  unsloth: false,
  model: {
    name: "m",
    pretrained: false,
    policy_name: "m",
    reward_name: "m",
    warmup_reward_dir: null,
    frozen_discriminator_path: null,
    max_prompt_length: 300,
    max_completion_length: 824,
    load_in_4bit: true,
    fast_inference: true,
    policy_gpu_memory_utilization: 0.4,
    reward_gpu_memory_utilization: 0.4,
    policy_lora_rank: 256,
    reward_lora_rank: 256,
    use_gradient_checkpointing: true,
    policy_learning_rate: 5e-6,
    reward_learning_rate: 1e-5,
    add_expert_to_policy_optim: false,
    add_expert_to_policy_balanced: false,
    disc_label_smoothing: 0.1,
    disc_temperature: 1,
    dense_rewards: "partial_fixed",
    dense_partial_fixed_n: 15,
    dense_gamma: 0.9,
    advantage_calculation: "average_dense",
    use_outcome_rewards: false,
    reward_updates_per_policy_step: 3,
    classifier_loss: "bce",
    clip_reward_model: true,
    reward_lb: -5,
    reward_ub: 5,
    num_neg_perturbations_per_expert: 1,
    neg_perturb_fns: ["flip_operator_in_one_step", "corrupt_answer_nearby_number", "corrupt_numbers"],
    switch_label_if_correct: true,
    disc_pairwise_margin: 0,
    disc_pairwise_negatives_per_prompt: 0,
    response_only: false,
    neg_sample_weight: 1,
    normalise_rewards: true,
    critic_type: "standard",
    reward_mode: "standard",
    critic_density: "sequence",
    policy_reward_density: "sequence",
    segment_tokens: 15,
    airl_gamma: 1,
    shape_clamp: null,
    use_segment_local_advantage: false,
    local_signal: "drop_f",
    log_segment_example: false,
    debug_check_segment_finite: true
  },
  dataset: { name: "gsm8k_kd", split: "train", train_ratio: 1, val_ratio: 0.1, no_system: false, expert_error_rate: 0 },
  training: {
    adam_beta1: 0.9,
    adam_beta2: 0.99,
    weight_decay: 0.1,
    optim: "paged_adamw_8bit",
    warmup_ratio: 0.1,
    lr_scheduler_type: "cosine",
    max_grad_norm: 1,
    per_device_train_batch_size: 16,
    gradient_accumulation_steps: 8,
    max_steps: 400,
    max_micro_batch: 4,
    reward_score_micro_batch: null,
    beta: 0.1,
    buffer_size: 50,
    reward_warmup_steps: 250,
    continue_reward_warmup_after_load: false,
    load_warmup_reward_optimizer: true,
    freeze_reward_after_warmup: false,
    verify_reward_updates: true,
    fail_on_unchanged_reward_checkpoint: true,
    freeze_discriminator: false,
    resume_from_checkpoint: null,
    output_dir: "out",
    report_to: "wandb",
    logging_steps: 10
  },
  sampling: { temperature: 1, top_p: 0.95, num_generations: 8 },
  eval: {
    do_eval: true,
    eval_strategy: "steps",
    eval_steps: 100,
    per_device_eval_batch_size: 32,
    eval_accumulation_steps: 2,
    prediction_loss_only: false
  },
  wandb: { project: "p", entity: "e", run_name: "r", id: null, resume: null }
}

const decoded = (change: { readonly [key: string]: Value }) => {
  const node = Nodes.merge(
    Nodes.fromValue(least, { _tag: "File", file: "least.yaml", line: 1 }),
    Nodes.fromValue(change, { _tag: "File", file: "change.yaml", line: 7 })
  )
  if (node._tag !== "Dict") throw new Error("a section is a dictionary")
  return decode(node)
}

const refusal = (change: { readonly [key: string]: Value }): InvalidConfig =>
  Result.getOrThrow(Result.flip(decoded(change)))

describe("decode", () => {
  it("golden: what is not given has the reference's defaults", () => {
    const { model, training, sampling, eval: looks } = Result.getOrThrow(decoded({})).config
    expect([training.adam_beta1, training.adam_beta2, training.weight_decay, training.warmup_ratio]).toEqual([
      0.9, 0.99, 0.1, 0.1
    ])
    expect([training.beta, training.buffer_size, training.reward_warmup_steps, training.max_grad_norm]).toEqual([
      0, 0, 0, 1
    ])
    expect([model.reward_updates_per_policy_step, model.classifier_loss, model.clip_reward_model]).toEqual([
      1,
      "bce",
      false
    ])
    expect([model.reward_lb, model.reward_ub, model.dense_gamma, model.disc_temperature]).toEqual([-1, 1, 1, 1])
    expect([sampling.num_generations, looks.eval_steps, model.switch_label_if_correct]).toEqual([8, 100, false])
  })

  it("golden: of a file of the reference, what is left to change is what could change a result", () => {
    const asked = (dropRejected: boolean, change: { readonly [key: string]: Value }) => {
      const node = Nodes.merge(
        Nodes.fromValue(reference, { _tag: "Default" }),
        Nodes.fromValue(change, { _tag: "Default" })
      )
      if (node._tag !== "Dict") throw new Error("a section is a dictionary")
      return decode(node, { dropRejected })
    }
    const keys = (result: ReturnType<typeof asked>) =>
      Result.isSuccess(result) ? [] : result.failure.problems.map(({ key }) => key)
    const ours = { algorithm: "airl" }
    expect(keys(asked(true, {}))).toEqual(["algorithm"])
    const { config, dropped } = Result.getOrThrow(asked(true, ours))
    expect([config.training.buffer_size, config.model.dense_rewards]).toEqual([50, "partial_fixed"])
    expect(keys(asked(false, ours))).toEqual(dropped.map(({ key }) => key))
    expect(dropped.map(({ key }) => key)).toEqual([
      "unsloth",
      "model.policy_gpu_memory_utilization",
      "model.reward_gpu_memory_utilization",
      "training.report_to",
      "training.logging_steps",
      "eval.per_device_eval_batch_size",
      "eval.eval_accumulation_steps",
      "wandb.project",
      "wandb.entity",
      "wandb.run_name",
      "wandb.id",
      "wandb.resume"
    ])
  })

  it("golden: a rejected key may have the value that asks for nothing", () => {
    expect(Result.isSuccess(decoded({ model: { pretrained: false } }))).toBe(true)
    expect(refusal({ model: { pretrained: true } }).message).toBe(
      [
        "The configuration cannot be used:",
        "  change.yaml:7: model.pretrained: not needed: model.warmup_reward_dir=DIR goes on with a trained reward model. It may only be false. To leave it out: ~model.pretrained"
      ].join("\n")
    )
  })

  it("golden: 10 traces a step are no whole groups of 8", () => {
    expect(
      Result.isSuccess(decoded({ training: { per_device_train_batch_size: 2, gradient_accumulation_steps: 8 } }))
    ).toBe(true)
    expect(refusal({ training: { per_device_train_batch_size: 10 } }).problems).toEqual([
      {
        key: "training.per_device_train_batch_size",
        origin: { _tag: "File", file: "change.yaml", line: 7 },
        reason: "the 10 traces of a step must be whole groups of 8 generations."
      }
    ])
  })

  it("golden: an idle key in a file passes; a missing, an unknown and an ill-typed one are all named", () => {
    expect(Result.isSuccess(decoded({ model: { dense_gamma: 0.5 } }))).toBe(true)
    const { problems } = refusal({
      training: { max_steps: null },
      extra: { key: 1 },
      model: { disc_label_smoothing: 0.5 }
    })
    expect(problems.map(({ key }) => key)).toEqual(["model.disc_label_smoothing", "extra.key", "training.max_steps"])
  })

  it("edge: a section in the place of a value, and a value in the place of a section", () => {
    expect(refusal({ seed: { a: 1 } }).problems.map(({ key }) => key)).toEqual(["seed"])
    expect(refusal({ training: 3 }).problems.map(({ key }) => key)).toContain("training")
  })
})
