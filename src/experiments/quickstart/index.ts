export { arithmeticPlan, quickPlan } from "./arithmeticPlan.ts"
export { type ReasoningPlan, reasoning } from "./reasoning.ts"
