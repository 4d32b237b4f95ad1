export type { Aggregation, WholeBatch } from "./Aggregation.ts"
export * as Aggregations from "./Aggregation.ts"
export type { GroupRelativeOptions, TraceScaleOptions } from "./advantage.ts"
export * as Advantage from "./advantage.ts"
export type {
  DiscriminatorBatch,
  DiscriminatorObjective,
  ObjectiveNeeds,
  Slopes,
  UnitLogits
} from "./DiscriminatorObjective.ts"
export type { BceOptions } from "./discriminator.ts"
export * as Discriminator from "./discriminator.ts"
export type { Interpolation } from "./gradientPenalty.ts"
export type { KlEstimator } from "./KlEstimator.ts"
export * as KlEstimators from "./KlEstimator.ts"
export type { PolicyBatch, PolicyMicroBatch, PolicyObjective, SurrogateOptions } from "./policy.ts"
export * as PolicyLoss from "./policy.ts"
export type { RewardForm, ScaleOptions } from "./RewardForm.ts"
export * as RewardForms from "./RewardForm.ts"
export * as Reduce from "./reduce.ts"
export type { CorrectionOptions, SamplerCorrection } from "./SamplerCorrection.ts"
export * as SamplerCorrections from "./SamplerCorrection.ts"
export type { SegmentBatch, SegmentCriticOptions, SegmentReward, SegmentTerms, ShapingOptions } from "./segment.ts"
export * as Segment from "./segment.ts"
export * as Statistics from "./statistics.ts"
export type { AdvantageEstimator, BatchAdvantageEstimator, SegmentParts, UnitRewards } from "./UnitRewards.ts"
