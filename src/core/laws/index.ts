export { type AdvantageClaims, advantage, groups } from "./advantage.ts"
export {
  type Area,
  areas,
  type BackendClaims,
  type BackendLaw,
  backend,
  type Precision,
  type Tolerance,
  tolerances
} from "./backend/index.ts"
export { type DiscriminatorClaims, discriminator } from "./discriminator.ts"
export { gradientPenalty } from "./gradientPenalty.ts"
export { completions, granularity, intervals } from "./granularity.ts"
export { type KlClaims, klEstimator } from "./klEstimator.ts"
export { type Law, law, type Trial } from "./Law.ts"
export { perturbation, traces } from "./perturbation.ts"
export { type PolicyClaims, policy } from "./policy.ts"
export { type DiscountClaims, type Discounting, discountedAdvantage, returns } from "./returns.ts"
export { type RewardFormClaims, rewardForm } from "./rewardForm.ts"
export { LawBroken, type StageLaw, type StageTrial, stage } from "./stage.ts"
