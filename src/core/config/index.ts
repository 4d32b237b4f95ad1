export { type ComposeOptions, compose, jobName, jobs, parseOverrides } from "./compose.ts"
export type { ConfigProblem } from "./consistency.ts"
export {
  type Command,
  type DecodedConfig,
  type DecodeOptions,
  decode,
  InvalidConfig,
  isActive,
  printCondition
} from "./decode.ts"
export {
  BadConfigFile,
  BadInterpolation,
  BadOverride,
  type ComposeError,
  ConfigNotFound,
  UnknownKey
} from "./errors.ts"
export { type EvaluationMode, evaluationMode, evaluationModes } from "./evaluationMode.ts"
export { datasetNames, datasetsWithoutTraces, testDatasets } from "./keys/datasetNames.ts"
export { type Condition, type Key, keysOf, type Rejection } from "./keys/Key.ts"
export { rejections } from "./keys/rejections.ts"
export type { ConfigFolder, Library } from "./Library.ts"
export * as Libraries from "./Library.ts"
export type { DictNode, Leaf, Node, Origin, Value } from "./Node.ts"
export * as Nodes from "./Node.ts"
export { nearestName } from "./nearestName.ts"
export { type Override, type OverrideKind, printOverride, printValue } from "./Override.ts"
export { parseElement, parseOverride } from "./parseOverride.ts"
export { printConfig, printRunConfig } from "./printConfig.ts"
export { allKeys, type RunConfig, requirements, runConfigSchema, sections } from "./RunConfig.ts"
export { type ConfigFile, plainScalar, readYaml } from "./readYaml.ts"
export { resolve, type Surroundings } from "./resolve.ts"
export { rangeValues, type Sweep, sweepValues } from "./Sweep.ts"
