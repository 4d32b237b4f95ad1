import { Schema } from "effect"
import { type DatasetConfig, datasetKeys, type SamplingConfig, samplingKeys } from "./keys/dataset.ts"
import { type GuidanceConfig, guidanceKeys } from "./keys/evaluation.ts"
import type { Key } from "./keys/Key.ts"
import { type ModelConfig, modelKeys } from "./keys/model.ts"
import { type OpsdConfig, opsdKeys } from "./keys/opsd.ts"
import { type RootConfig, rootKeys } from "./keys/root.ts"
import {
  type EvalConfig,
  evalKeys,
  type SftConfig,
  sftKeys,
  type TrainingConfig,
  trainingKeys
} from "./keys/training.ts"

/** Everything that a training run is told, with the reference's names. */
export interface RunConfig extends RootConfig {
  readonly model: ModelConfig
  readonly dataset: DatasetConfig
  readonly training: TrainingConfig
  readonly sampling: SamplingConfig
  readonly eval: EvalConfig
  readonly guidance: GuidanceConfig
  readonly sft: SftConfig
  readonly opsd: OpsdConfig
}

/** Sections in their order, the top level first as `""`. */
export const sections = {
  "": rootKeys,
  model: modelKeys,
  dataset: datasetKeys,
  training: trainingKeys,
  sampling: samplingKeys,
  eval: evalKeys,
  guidance: guidanceKeys,
  sft: sftKeys,
  opsd: opsdKeys
} as const

/** A key without its type, for work that is the same for all. */
export type AnyKey = Key<unknown>

/** Every key by its dotted name. */
export const allKeys: ReadonlyMap<string, AnyKey> = new Map(
  Object.entries(sections).flatMap(([section, keys]) =>
    Object.entries(keys).map(([name, key]) => [section === "" ? name : `${section}.${name}`, key as AnyKey] as const)
  )
)

/** Keys that an algorithm cannot do without, beside those that every run must have. */
export const requirements: Readonly<Record<RunConfig["algorithm"], ReadonlyArray<string>>> = {
  sft: ["model.name", "training.learning_rate"],
  grpo: ["model.name", "training.learning_rate"],
  opsd: ["model.name", "training.learning_rate"],
  airl: ["model.policy_name", "model.reward_name", "model.policy_learning_rate", "model.reward_learning_rate"]
}

const field = (key: AnyKey) => {
  const described = key.schema.annotate({
    description: key.doc,
    ...(key.default === undefined ? {} : { default: key.default })
  })
  return key.default === undefined ? described : Schema.optionalKey(described)
}

const struct = (keys: Readonly<Record<string, unknown>>) =>
  Schema.Struct(Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, field(key as AnyKey)])))

/** The schema of all keys, for tools: `toJsonSchemaDocument` of it is what editors check files against. */
export const runConfigSchema = () => {
  const { "": root, ...rest } = sections
  return Schema.Struct({
    ...struct(root).fields,
    ...Object.fromEntries(Object.entries(rest).map(([name, keys]) => [name, struct(keys)]))
  })
}
