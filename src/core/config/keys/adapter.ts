import { Schema } from "effect"
import { airlOnly, type Condition, type Decoded, key } from "./Key.ts"
import { nonEmpty, positive, positiveInt } from "./values.ts"

const rank = Schema.NullOr(positiveInt)
const given = (name: string): Condition => ({ key: `model.${name}`, not: [null] })

/** Where anything trains as an adapter. */
const adapted: ReadonlyArray<Condition> = [
  { either: [given("lora_rank"), { either: [given("policy_lora_rank"), given("reward_lora_rank")] }] }
]

/** How models train as low-rank adapters over a frozen base. */
export const adapterKeys = {
  lora_rank: key(rank, {
    doc: "Rank of the adapter that trains in place of the weights, in all but `airl`; null to train all weights.",
    default: null,
    activeWhen: [{ key: "algorithm", not: ["airl"] }]
  }),
  policy_lora_rank: key(rank, {
    doc: "Rank of the policy's adapter; null to train all weights.",
    default: null,
    activeWhen: airlOnly
  }),
  reward_lora_rank: key(rank, {
    doc: "Rank of the reward model's adapter, whose head trains with it; null to train all weights, or the verifier head alone.",
    default: null,
    mapped: "policy and reward model share one base in memory where they are of one model",
    activeWhen: [...airlOnly, { key: "model.reward_head", values: ["scalar"] }]
  }),
  lora_alpha: key(Schema.NullOr(positive), {
    doc: "Numerator α of the scale α/r of every adapter; null for twice its rank, as in the reference.",
    default: null,
    own: true,
    activeWhen: adapted
  }),
  use_rslora: key(Schema.Boolean, {
    doc: "Whether the scale is α/√r.",
    default: false,
    own: true,
    activeWhen: adapted
  }),
  lora_dropout: key(Schema.Literals([0]), {
    doc: "Dropout of adapters: none.",
    default: 0,
    own: true,
    activeWhen: adapted
  }),
  lora_target_modules: key(Schema.Union([nonEmpty, Schema.Array(nonEmpty)]), {
    doc: "Linear modules that adapters change: ends of names, `all-linear`, or a regular expression for whole names.",
    default: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    own: true,
    activeWhen: adapted
  }),
  lora_modules_to_save: key(Schema.Array(nonEmpty), {
    doc: "Modules of which adapters train a whole copy; a reward model's head always is. Inference servers load none.",
    default: [],
    own: true,
    activeWhen: adapted
  }),
  load_in_4bit: key(Schema.Boolean, {
    doc: "Whether the matrices of an adapter's base are held in 4 bits.",
    default: false,
    mapped: "in blocks of 32 columns, each with a scale and a zero point; weights that train are never rounded",
    activeWhen: adapted
  }),
  use_gradient_checkpointing: key(Schema.Boolean, {
    doc: "Whether layers are computed again in the backward pass in place of being kept: less memory, more time, the same result.",
    default: false,
    mapped: "alive here; the reference reads the key and does nothing with it"
  }),
  logit_chunk: key(Schema.NullOr(positiveInt), {
    doc: "Tokens whose logits are held at once; null for all. The result is the same.",
    default: null,
    own: true
  })
} as const

export type AdapterConfig = Decoded<typeof adapterKeys>
