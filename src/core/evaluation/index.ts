export { aboveChance } from "./aboveChance.ts"
export { counterparts, type Edit, edits } from "./alignment.ts"
export { aurocOf, aurocPooled, aurocWithinPrompt } from "./auroc.ts"
export { averagePrecision } from "./averagePrecision.ts"
export { bestOfFirst, bestOfFirstOfPrompt } from "./bestOfFirst.ts"
export { bestOfN, bestOfNOfPrompt, bestOfNPerPrompt, randomPickPerPrompt, type ScoredPool } from "./bestOfN.ts"
export {
  brierScore,
  expectedCalibrationError,
  type ProbabilityPool,
  type ReliabilityBin,
  reliabilityBins
} from "./calibration.ts"
export { type Calibrator, calibrate, crossCalibrate, type Fit, isotonic, platt } from "./calibrator.ts"
export type { JudgedCase, StepAccuracy, StepLabel } from "./clinician.ts"
export * as Clinicians from "./clinician.ts"
export { contrastOfPrompt, promptContrast, type Welch, welch } from "./contrast.ts"
export { type CorrelationMatrix, correlationP, midRanks, pearson, pearsonMatrix, spearman } from "./correlation.ts"
export {
  denseVariation,
  meanVariation,
  summariseVariation,
  type Variation,
  type VariationSummary
} from "./denseVariation.ts"
export type { Grid } from "./Grid.ts"
export * as Grids from "./Grid.ts"
export { incompleteBeta, studentTail } from "./incompleteBeta.ts"
export * as Localisation from "./localisation.ts"
export {
  localisePlaces,
  type PlaceOptions,
  type PlaceResult,
  type PlaceRow,
  spike,
  type Transition,
  withinSpan
} from "./localisePlaces.ts"
export type { Estimate, NotAvailable } from "./Measurement.ts"
export * as Measurements from "./Measurement.ts"
export { Measurement } from "./Measurement.ts"
export { majorityOfPrompt, type VotePool } from "./majority.ts"
export { type MeanAndStd, meanAndStd } from "./meanAndStd.ts"
export { type LocalisedMass, localDropMass, type Onset, type OnsetSummary, onset, summariseOnsets } from "./onset.ts"
export { combineOverPrompts, differenceOverPrompts, meanOverPrompts, type Range } from "./overPrompts.ts"
export { meanOverSeeds, studentT95 } from "./overSeeds.ts"
export { passAtK, passAtKOfPrompt, passAtKPerPrompt } from "./passAtK.ts"
export * as Places from "./placeRanking.ts"
export {
  chooseThreshold,
  firstBelow,
  type ProcessBenchResult,
  processBenchF1,
  type StepPrediction
} from "./processBench.ts"
export * as Ranking from "./Ranking.ts"
export type { Reranker, RerankPool, RerankRow } from "./Reranker.ts"
export * as Rerankers from "./Reranker.ts"
export type { Resampling } from "./Resampling.ts"
export * as Resamplings from "./Resampling.ts"
export { areaUnderRiskCoverage, type RiskPoint, riskCoverageCurve } from "./riskCoverage.ts"
export type { Selector, TokenSpan } from "./Selector.ts"
export * as Selectors from "./Selector.ts"
export type { DeltaSplit, Sensitivity, TracePair } from "./sensitivity.ts"
export * as Sensitivities from "./sensitivity.ts"
export type { Scale, Stabiliser } from "./stabilise.ts"
export * as Stabilisers from "./stabilise.ts"
export { successAtK, successAtKOfPrompt } from "./successAtK.ts"
export { crossFitted, type LinearScore, logisticRegression, surfaceFeatures } from "./surface.ts"
export type { EditedTrace, TargetSource } from "./targets.ts"
export * as Targets from "./targets.ts"
export { type TransferCell, type TransferRun, transferCell, transferMatrix } from "./transferMatrix.ts"
export { subsetLimit, type WeightedVotePool, weightedMajorityOfPrompt } from "./weightedMajority.ts"
export { weightedPassAtK, weightedPassAtKOfPrompt } from "./weightedPassAtK.ts"
