import type { Condition } from "./Key.ts"

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
export const testDatasets = ["aime_2024", "aime_2025", "math_500"] as const

/** Names whose answers are neither options nor expressions of given numbers. */
const comparedAnswers = ["gsm8k", "gsm8k_kd", "aime_train", "aime_train_kd", ...testDatasets]

/** Names whose rows hold prompts and gold answers alone; with `_kd` they bring expert traces. */
export const datasetsWithoutTraces: ReadonlyArray<string> = ["countdown", "medical", "mmlu", "science", "aime_train"]

/** Where problems are generated, where they are read, and where a check compares their answers. */
export const generated: ReadonlyArray<Condition> = [{ key: "dataset.name", values: ["arithmetic"] }]
export const published: ReadonlyArray<Condition> = [{ key: "dataset.name", not: ["arithmetic"] }]
export const compared: ReadonlyArray<Condition> = [{ key: "dataset.name", values: comparedAnswers }]
