import { Schema } from "effect"
import { adapterKeys } from "./adapter.ts"
import { criticKeys } from "./critic.ts"
import { airlOnly, type Condition, type Decoded, key } from "./Key.ts"
import { negativeSources } from "./perturbations.ts"
import { count, nonEmpty, positive, positiveInt, share } from "./values.ts"

const updated: ReadonlyArray<Condition> = [...airlOnly, { key: "training.freeze_discriminator", values: [false] }]
/** Where a trace has a reward for each of its units; a segment critic's is the mean of them, or each counts for itself. */
const units: ReadonlyArray<Condition> = [
  ...airlOnly,
  { key: "model.critic_type", values: ["standard"] },
  { key: "model.dense_rewards", values: [true, "full", "partial", "partial_fixed"] }
]

export const modelKeys = {
  name: key(Schema.NullOr(nonEmpty), {
    doc: "Model to start from in all but `airl`: a model folder, a run directory, `ORGANISATION/NAME[@REVISION]` of the hub, or `fresh` for a new decoder of `model.shape`.",
    default: null,
    activeWhen: [{ key: "algorithm", not: ["airl"] }]
  }),
  policy_name: key(Schema.NullOr(nonEmpty), {
    doc: "Policy of `airl`: a model folder, a run directory (`from_sft`: that of an SFT run), `ORGANISATION/NAME[@REVISION]` of the hub, or `fresh`.",
    default: null,
    activeWhen: airlOnly
  }),
  reward_name: key(Schema.NullOr(nonEmpty), {
    doc: "Trunk of the reward model: a model folder, a run directory, `ORGANISATION/NAME[@REVISION]` of the hub, or `policy` for the policy's own weights.",
    default: null,
    activeWhen: airlOnly
  }),
  shape: key(
    Schema.NullOr(
      Schema.Struct({ width: positiveInt, layers: positiveInt, heads: positiveInt, feed_forward: positiveInt })
    ),
    { doc: "Shape of a decoder that starts fresh.", default: null, own: true }
  ),
  chat_template: key(Schema.NullOr(Schema.Literals(["plain", "chatml"])), {
    doc: "How a conversation becomes text: contents alone, or ChatML; null for the template of the model's folder, `plain` where it has none.",
    default: null,
    own: true
  }),
  save_dtype: key(Schema.Literals(["float32", "float16", "bfloat16"]), {
    doc: "How the weights of trained models are stored; training itself is in single precision.",
    default: "float32",
    own: true
  }),
  max_prompt_length: key(positiveInt, {
    doc: "Longest prompt, in tokens.",
    mapped: "longer ones are left out and counted, never cut"
  }),
  max_completion_length: key(positiveInt, {
    doc: "Longest completion, in tokens.",
    mapped: "longer demonstrations are left out and counted, never cut"
  }),
  policy_learning_rate: key(Schema.NullOr(positive), {
    doc: "Highest learning rate of the policy.",
    default: null,
    activeWhen: airlOnly
  }),
  reward_learning_rate: key(Schema.NullOr(positive), {
    doc: "Highest learning rate of the reward model.",
    default: null,
    activeWhen: updated
  }),
  add_expert_to_policy_optim: key(Schema.Boolean, {
    doc: "Whether each prompt's expert joins its group in the policy's update, as one more member.",
    default: false,
    activeWhen: airlOnly
  }),
  add_expert_to_policy_balanced: key(Schema.Boolean, {
    doc: "Whether it joins as many times as there are generations.",
    default: false,
    mapped: "alive here; dead in the newest reference",
    activeWhen: [...airlOnly, { key: "model.add_expert_to_policy_optim", values: [true] }]
  }),
  use_outcome_rewards: key(Schema.Boolean, {
    doc: "Whether the outcome rewards count beside the learned one, each with weight 1. Ground truth then trains the policy.",
    default: false,
    activeWhen: airlOnly
  }),
  dense_rewards: key(Schema.Union([Schema.Boolean, Schema.Literals(["full", "partial", "partial_fixed"])]), {
    doc: "Granularity: `false` one reward a trace, `partial` a step, `partial_fixed` an interval, `true` or `full` a token.",
    default: false,
    activeWhen: airlOnly
  }),
  dense_partial_fixed_n: key(positiveInt, {
    doc: "Tokens of an interval.",
    default: 15,
    activeWhen: [...airlOnly, { key: "model.dense_rewards", values: ["partial_fixed"] }]
  }),
  dense_gamma: key(share, {
    doc: "Discount of returns to go.",
    default: 1,
    activeWhen: [
      ...units,
      { key: "model.advantage_calculation", values: ["discounted_dense", "prime", "discounted", "unit_relative"] }
    ]
  }),
  advantage_calculation: key(
    Schema.Literals(["grpo", "average_dense", "discounted_dense", "prime", "discounted", "unit_relative"]),
    {
      doc:
        "Advantages: `grpo` compares the mean rewards of the traces' units in their group, `average_dense` the means over tokens, " +
        "`discounted_dense` sums returns to go, `prime` leaves the trace itself out of its baseline; ours: `discounted` averages " +
        "returns to go, `unit_relative` compares units at the same place.",
      default: "grpo",
      mapped: "where each trace has one reward all of them are the first",
      activeWhen: units
    }
  ),
  reward_updates_per_policy_step: key(count, {
    doc: "Updates of the reward model before each policy step, U; 0 for none.",
    default: 1,
    activeWhen: [...updated, { key: "training.freeze_reward_after_warmup", values: [false] }]
  }),
  num_neg_perturbations_per_expert: key(count, {
    doc: "Perturbed versions of each demonstration in an update, as negatives.",
    default: 0,
    activeWhen: updated
  }),
  neg_perturb_fns: key(Schema.Array(Schema.Literals(negativeSources)), {
    doc:
      "Perturbations to draw from; several may be chained. Ours are `corrupt_equation`, one wrong equation, and " +
      "`stored_corruptions`, the wrong versions that the data bring.",
    default: [],
    mapped: "one that changes nothing is drawn again, so that no expert's trace is called wrong",
    refused: {
      corrupt_with_chatgpt_wrong_reasoning: "asks an external model for text; store such traces in the data instead."
    },
    activeWhen: [...updated, { key: "model.num_neg_perturbations_per_expert", not: [0] }]
  }),
  switch_label_if_correct: key(Schema.Boolean, {
    doc: "Whether rollouts with the right answer count as an expert's. Ground truth then enters the reward.",
    default: false,
    activeWhen: updated
  }),
  ...adapterKeys,
  ...criticKeys
} as const

export type ModelConfig = Decoded<typeof modelKeys>
