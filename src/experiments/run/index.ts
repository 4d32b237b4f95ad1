export { configuration, settings } from "./configuration.ts"
export * as Curves from "./curves.ts"
export { type EncodedTask, encodeTask, longest } from "./encodeTask.ts"
export { isRight, perturbed, spells } from "./judging.ts"
export {
  freshDecoder,
  type ModelShape,
  modelConfig,
  type OptimiserSettings,
  optimiser,
  steadyOptimiser
} from "./models.ts"
export type { Session } from "./Session.ts"
export * as Sessions from "./Session.ts"
export { lastMetrics, type StepRow, stepRows } from "./stepRows.ts"
export { writeFigures } from "./writeFigures.ts"
