export { type KeepingOptions, keepingBest, type Look } from "./keepingBest.ts"
export type { Recipe } from "./Recipe.ts"
export { recipeOf } from "./recipeOf.ts"
export { type TrainSummary, trainRun } from "./trainRun.ts"
