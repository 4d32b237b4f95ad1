export type { StepRules } from "./stepEnds.ts"
export * as Steps from "./stepEnds.ts"
