import { Schema } from "effect"
import { evaluating } from "./evaluation.ts"
import { airlOnly, type Decoded, key, when } from "./Key.ts"
import { perturbations } from "./perturbations.ts"
import { count, nonEmpty, nonNegative, positiveInt, share } from "./values.ts"

/** Data sets to train on, by the names of `dataset.name`. */
export const datasetNames = [
  "arithmetic",
  "gsm8k",
  "gsm8k_kd",
  "countdown",
  "countdown_kd",
  "medical",
  "medical_kd",
  "mmlu",
  "mmlu_kd",
  "science",
  "science_kd",
  "aime_train",
  "aime_train_kd"
] as const

/** Data sets for testing alone. */
export const testDatasets = ["aime_2024", "aime_2025"] as const

/** Names whose rows hold prompts and gold answers alone; with `_kd` they bring expert traces. */
export const datasetsWithoutTraces: ReadonlyArray<string> = ["countdown", "medical", "mmlu", "science", "aime_train"]

const generated = [{ key: "dataset.name", values: ["arithmetic"] }]
const published = [{ key: "dataset.name", not: ["arithmetic"] }]

export const datasetKeys = {
  name: key(Schema.Literals([...datasetNames, ...testDatasets]), {
    doc: "The task; with `_kd` it brings expert traces. `arithmetic` is generated, the others are read from `dataset.path`. `aime_2024` and `aime_2025` are evaluated alone."
  }),
  path: key(Schema.NullOr(nonEmpty), {
    doc: "Folder of the task's files in their published form, or `hf://datasets/ORGANISATION/NAME`; null for the repository where they are published.",
    default: null,
    own: true,
    activeWhen: published
  }),
  split: key(Schema.Literals(["train", "validation", "test"]), {
    doc: "The problems that are evaluated; training has its own use for each.",
    default: "test",
    activeWhen: evaluating
  }),
  train_ratio: key(share, { doc: "Share of the training problems that is used.", default: 1 }),
  val_ratio: key(share, {
    doc: "Share of problems that is held out to choose checkpoints.",
    default: 0.1,
    mapped: "held out from the training split; the reference takes the head of the test split, and so tests on it too",
    activeWhen: published
  }),
  no_system: key(Schema.Boolean, {
    doc: "Whether the system prompt goes into the user turn.",
    default: false,
    activeWhen: published
  }),
  expert_error_rate: key(share, {
    doc: "Share of the training demonstrations that are made wrong, to see what is learned from an expert who errs.",
    default: 0,
    mapped:
      "the gold answers stay as they are, and a demonstration that cannot be made wrong stays right and is counted",
    activeWhen: when("sft", "airl")
  }),
  expert_error_fns: key(Schema.Array(Schema.Literals(perturbations)), {
    doc: "How the expert errs: one of these, drawn for each error.",
    default: ["flip_operator_in_one_step", "corrupt_answer_nearby_number", "corrupt_numbers"],
    own: true,
    activeWhen: [...when("sft", "airl"), { key: "dataset.expert_error_rate", not: [0] }]
  }),
  size: key(Schema.NullOr(Schema.Struct({ train: count, unlabelled: count, validation: count, test: count })), {
    doc: "Numbers of generated problems.",
    default: null,
    own: true,
    activeWhen: generated
  })
} as const

export type DatasetConfig = Decoded<typeof datasetKeys>

export const samplingKeys = {
  temperature: key(nonNegative, { doc: "Sampling temperature of rollouts.", default: 1 }),
  top_p: key(Schema.Finite.check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(1)), {
    doc: "Probability mass that is sampled from.",
    default: 1
  }),
  num_generations: key(positiveInt, { doc: "Completions of each prompt, G.", default: 8, activeWhen: airlOnly })
} as const

export type SamplingConfig = Decoded<typeof samplingKeys>
