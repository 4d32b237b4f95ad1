import { Schema } from "effect"
import { compared, datasetNames, generated, published, testDatasets } from "./datasetNames.ts"
import { evaluating } from "./evaluation.ts"
import { airlOnly, type Decoded, key, when } from "./Key.ts"
import { perturbations } from "./perturbations.ts"
import { count, nonEmpty, nonNegative, positiveInt, share } from "./values.ts"

export const datasetKeys = {
  name: key(Schema.Literals([...datasetNames, ...testDatasets]), {
    doc: "The task; with `_kd` it brings expert traces. `arithmetic` is generated, the others are read from `dataset.path`. `aime_2024`, `aime_2025` and `math_500` are evaluated alone."
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
  grader: key(Schema.Literals(["task", "formula"]), {
    doc: "What decides whether an answer is right, in verdicts and in outcome rewards: `task` the task's own check, a number's value; `formula` whether the two are equal as formulas, by an engine in a worker that has 2 s for each.",
    default: "task",
    own: true,
    activeWhen: compared
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
