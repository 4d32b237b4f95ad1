export { arithmeticPlan, quickPlan } from "./arithmeticPlan.ts"
export { type MmluProPlan, mmluPro } from "./mmluPro.ts"
export { mmluProPlan, quickMmluProPlan } from "./mmluProPlan.ts"
export { type ReasoningPlan, reasoning } from "./reasoning.ts"
