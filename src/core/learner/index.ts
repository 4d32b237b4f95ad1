export type { Adaptation } from "./Adaptation.ts"
export type { AirlError, AirlOptions, AirlResult, AirlStage, Selection } from "./AirlOptions.ts"
export * as Airl from "./airl.ts"
export { type FixedCriticOptions, fixedCritic, type GadOptions, gad } from "./baselines.ts"
export { batchAt } from "./batchAt.ts"
export type { Critic, Health } from "./Critic.ts"
export * as Critics from "./Critic.ts"
export type {
  CriticBatch,
  CriticOptions,
  LogitCriticOptions,
  Perturb,
  RewardScale,
  SavedCritic,
  SegmentCriticChoice,
  SegmentOptions
} from "./CriticOptions.ts"
export { BadCritic } from "./CriticOptions.ts"
export type { CriticState } from "./CriticState.ts"
export * as CriticStates from "./CriticState.ts"
export type { GrpoOptions } from "./grpo.ts"
export * as Grpo from "./grpo.ts"
export { NonFiniteStep } from "./NonFiniteStep.ts"
export type { OpsdItem, OpsdMode, OpsdOptions, WeightOptions } from "./opsd.ts"
export * as Opsd from "./opsd.ts"
export type { Judge, OutcomeOptions } from "./outcomes.ts"
export * as OutcomeJudges from "./outcomes.ts"
export type { Params } from "./Params.ts"
export type { Policy, PolicyOptions } from "./Policy.ts"
export * as Policies from "./Policy.ts"
export type { Drawn, ExpertOptions, PolicyStepOptions, PromptItem, RewardOf, StepBatch } from "./policyStep.ts"
export { collect, policyStep } from "./policyStep.ts"
export type { Negative, Replay } from "./Replay.ts"
export * as Replays from "./Replay.ts"
export type { RewardModel, ScalarHeadOptions, SegmentModel } from "./RewardModel.ts"
export * as RewardModels from "./RewardModel.ts"
export type { HeldOutTraces, OfflineOptions, OfflineStage } from "./rewardOffline.ts"
export * as RewardOffline from "./rewardOffline.ts"
export type { PolicyStage, RolloutStageOptions } from "./rolloutStage.ts"
export * as Scorer from "./Scorer.ts"
export * as Sequence from "./Sequence.ts"
export * as SharedBases from "./SharedBase.ts"
export { BadScope, OtherBase, type Over, type SharedBase, type SharedBaseOptions } from "./SharedBase.ts"
export type { SftGenerations, SftOptions, SftStage } from "./sft.ts"
export * as Sft from "./sft.ts"
export * as Trainer from "./Trainer.ts"
export * as Units from "./Units.ts"
export { type VerifierHeadOptions, verifierHead } from "./verifierHead.ts"
export { UnchangedCritic } from "./verifyUpdate.ts"
