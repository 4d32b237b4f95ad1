import type { Value } from "../Node.ts"
import type { Rejection } from "./Key.ts"

/** About machinery or display alone. */
const machinery = (because: string, ...accepts: ReadonlyArray<Value>): Rejection => ({
  because,
  accepts,
  droppable: true
})

const dead = (...accepts: ReadonlyArray<Value>): Rejection =>
  machinery("changes nothing in the reference either.", ...accepts)

const MEMORY = "sets the memory of an external sampler; there is none here."
const TRACKER = "every run writes metrics.jsonl and TensorBoard files; nothing is sent anywhere."

/**
 * Keys of the reference that are not taken over, each with the reason. A feature that comes moves its keys from here to
 * the section that they belong to.
 */
export const rejections: Readonly<Record<string, Rejection>> = {
  unsloth: machinery("chooses between two loaders of the reference; there is one here."),

  "model.pretrained": {
    because: "not needed: model.warmup_reward_dir=DIR goes on with a trained reward model.",
    accepts: [false]
  },
  "model.fast_inference": machinery("sampling has one path here, the fast one.", true),
  "model.gpu_memory_utilization": machinery(MEMORY),
  "model.policy_gpu_memory_utilization": machinery(MEMORY),
  "model.reward_gpu_memory_utilization": machinery(MEMORY),
  "model.response_only": dead(false),
  "model.neg_sample_weight": dead(1),
  "model.normalise_rewards": dead(true),
  "model.critic_density": dead("sequence"),
  "model.log_segment_example": machinery(
    "prints an example of the segment critic; its metrics are logged as airl_segment/*.",
    false
  ),
  "model.debug_check_segment_finite": machinery("steps that are not finite are always an error.", true),
  "model.entropy_reg_coef": dead(0),
  "model.reward_weight_decay": dead(),
  "model.neg_label_smoothing": dead(),

  "training.resume_from_checkpoint": { because: "not needed: --resume goes on with a run.", accepts: [null, false] },
  "training.standard_grpo": dead(),
  "training.vllm_server_host": { because: "say training.vllm_server_base_url=http://HOST:PORT." },
  "training.vllm_server_port": { because: "say training.vllm_server_base_url=http://HOST:PORT." },
  "training.vllm_gpu_memory_utilization": machinery("is for the one who starts the server to say."),
  "training.report_to": machinery(TRACKER, null, "none", "tensorboard"),
  "training.logging_steps": machinery("every step is logged.", 1),
  "training.policy_per_device_train_batch_size": dead(),
  "training.policy_gradient_accumulation_steps": dead(),
  "training.reward_per_device_train_batch_size": dead(),
  "training.reward_gradient_accumulation_steps": dead(),
  "training.gradient_penalty_coef": machinery(
    "changes nothing in the reference either; here model.gradient_penalty_coef does."
  ),
  "training.entropy_reg_coef": dead(0),
  "training.reward_weight_decay": dead(),
  "training.neg_label_smoothing": dead(),

  "eval.do_eval": {
    because: "every run looks at held-out problems; raise eval.eval_steps or lower eval.problems to look less.",
    accepts: [true]
  },
  "eval.eval_strategy": { because: "looks come every eval.eval_steps steps.", accepts: ["steps"] },
  "eval.per_device_eval_batch_size": machinery("rows are batched by their length; results do not depend on it."),
  "eval.eval_accumulation_steps": machinery("rows are batched by their length; results do not depend on it."),
  "eval.prediction_loss_only": machinery("all measures are taken.", false),

  "wandb.project": machinery(TRACKER),
  "wandb.entity": machinery(TRACKER),
  "wandb.run_name": machinery(TRACKER),
  "wandb.id": machinery(TRACKER),
  "wandb.resume": machinery(TRACKER),

  "opsd.max_micro_batch": {
    because: "not needed: training.policy_micro_batch says how many traces are held at once.",
    droppable: true
  },
  "opsd.log_first_batch": machinery("prints an example; the metrics opsd/* are logged at every step."),
  "opsd.context_token_cache_size": machinery("prompts are encoded once; there is no cache to size.")
}
