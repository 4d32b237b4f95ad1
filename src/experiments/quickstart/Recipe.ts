import type { CriticBatch, Params, RewardModel, Selection, Units } from "../../core/learner/index.ts"
import type { ModelConfig } from "../../core/model/index.ts"
import type { AdvantageEstimator, DiscriminatorObjective } from "../../core/objective/index.ts"
import type { Perturbation } from "../../core/reward/index.ts"
import type { ModelShape, OptimiserSettings } from "../run/index.ts"

export interface SftSettings {
  readonly steps: number
  readonly batchSize: number
  readonly validateEvery: number
  readonly optimiser: OptimiserSettings
}

/** How a policy step is made, for AIRL and GRPO alike. */
export interface PolicySettings {
  readonly steps: number
  readonly promptsPerStep: number
  readonly generations: number
  readonly klCoefficient: number
  readonly clip: number
  readonly updates: number
  readonly experts: number
  readonly advantage: AdvantageEstimator
  readonly optimiser: OptimiserSettings
}

/** A reward model made from the SFT policy, by name. */
export interface CriticModel {
  readonly name: string
  readonly make: (from: { readonly config: ModelConfig; readonly trunk: Params; readonly seed: number }) => RewardModel
}

export interface CriticSettings {
  readonly model: CriticModel
  readonly objective: DiscriminatorObjective
  readonly batch: CriticBatch
  /** How demonstrations are made wrong: as the task does it where absent; `none` for no such negatives. */
  readonly perturbation?: Perturbation | "none"
  /** Share of the demonstrations that the critic is shown with an error in them, none where absent. */
  readonly expertErrors?: number
  /** Whether rollouts with the right answer count as an expert's: ground truth then enters the reward. */
  readonly switchLabels: boolean
  readonly weighting: Units.UnitWeighting
  readonly clamp: readonly [number, number]
  readonly temperature: number
  readonly replayCapacity: number
  readonly warmupUpdates: number
  readonly updatesPerWarmupBatch: number
  /** U: updates before each policy step. */
  readonly updates: number
  readonly optimiser: OptimiserSettings
}

export interface HeldOutSettings {
  readonly prompts: number
  readonly every: number
  readonly selection: Selection
}

export interface EvaluationSettings {
  readonly generations: number
  readonly temperature: number
}

/** Everything that decides what a run learns, beside its task and seed. */
export interface Recipe {
  readonly model: ModelShape
  readonly sft: SftSettings
  readonly policy: PolicySettings
  readonly critic: CriticSettings
  readonly heldOut: HeldOutSettings
  /** Policy settings of GRPO where they differ. */
  readonly grpo: Partial<PolicySettings>
  readonly evaluation: EvaluationSettings
  readonly checkpointEvery: number
  /** Tokens that a completion may be longer than the longest demonstration. */
  readonly spareTokens: number
}
