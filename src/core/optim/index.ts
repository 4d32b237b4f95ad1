export { applyStep, gradientStep, gradientSums } from "./accumulate.ts"
export { type AdamW, adamw, matricesOnly } from "./adamw.ts"
export { clipByGlobalNorm, globalNorm } from "./clipByGlobalNorm.ts"
export { countGradients } from "./countGradients.ts"
export {
  chain,
  type GradientTransform,
  type Specs,
  stateless,
  type Tree,
  type UpdateInput,
  type UpdateOutput
} from "./GradientTransform.ts"
export { paramName, residentParams } from "./resident.ts"
export type { Schedule } from "./Schedule.ts"
export * as Schedules from "./Schedule.ts"
export { scaleUpdates } from "./scaleUpdates.ts"
export {
  initialState,
  type Loss,
  type LossOptions,
  type TrainStep,
  type TrainStepOptions,
  trainStep
} from "./trainStep.ts"
