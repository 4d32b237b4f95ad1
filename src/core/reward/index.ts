export { corruptDemographics, corruptGuidelinesModalities, flipClinicalDirection } from "./corruptClinical.ts"
export {
  arithmeticPerturbation,
  corruptEquation,
  type EquationError,
  equationErrors,
  equationPerturbations
} from "./corruptEquation.ts"
export {
  corruptAnswerNearbyNumber,
  corruptAnswerWithThinkNumber,
  corruptNumbers,
  flipOperatorInOneStep
} from "./corruptText.ts"
export type { Granularity, Partition, TokenSequence } from "./Granularity.ts"
export * as Partitions from "./Granularity.ts"
export * as Granularities from "./granularities.ts"
export { type ErringExpert, type ErrorOptions, injectErrors } from "./injectErrors.ts"
export type { AnswerReader, CorrectnessOptions, Judged, OutcomeReward, Weighted } from "./OutcomeReward.ts"
export * as OutcomeRewards from "./OutcomeReward.ts"
export {
  answerRewards,
  choiceRewards,
  countdownRewards,
  formatRewards,
  mathRewards,
  type RewardChoice,
  rewardsOf
} from "./outcomeRewards.ts"
export type { Negatives, Perturbation, Perturbed, PerturbOptions, Unchanged } from "./Perturbation.ts"
export * as Perturbations from "./Perturbation.ts"
export { referencePerturbations } from "./referencePerturbations.ts"
export { reverseCausalChains } from "./reverseCausalChains.ts"
export { type CorruptedRow, storedCorruptions } from "./storedCorruptions.ts"
