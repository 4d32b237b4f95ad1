import type { RunConfig } from "../../core/config/index.ts"
import type {
  CriticBatch,
  ExpertOptions,
  OpsdOptions,
  OutcomeOptions,
  PolicyStepOptions,
  RewardScale,
  SegmentOptions
} from "../../core/learner/index.ts"
import type { Safetensors } from "../../core/model/index.ts"
import type { DiscriminatorObjective, PolicyObjective } from "../../core/objective/index.ts"
import type { Perturbation } from "../../core/reward/index.ts"
import type { TaskName, TokenLimits } from "../../core/task/index.ts"
import type { ModelShape, OptimiserSettings } from "../run/index.ts"

/** How long something goes on: so many steps, or passes over the training problems. */
export type Duration = { readonly steps: number } | { readonly epochs: number }

/** An optimiser's settings but for its warm-up, which is a share of all its updates. */
export interface PolicyOptimiser extends Omit<OptimiserSettings, "warmupSteps"> {
  readonly warmupShare: number
}

/** Which problems and demonstrations, and how much of them. */
export interface DataRecipe {
  readonly name: TaskName
  readonly place: string | null
  readonly trainShare: number
  readonly validationShare: number
  readonly noSystem: boolean
  /** What decides whether an answer is right in place of the task's own check. */
  readonly grader?: "formula"
  readonly size: {
    readonly train: number
    readonly unlabelled: number
    readonly validation: number
    readonly test: number
  } | null
  /** How the expert errs; absent where it does not. */
  readonly errors?: { readonly rate: number; readonly perturbation: Perturbation }
}

/** How a model trains as an adapter over its frozen weights. */
export interface AdapterRecipe {
  readonly rank: number
  readonly alpha: number
  readonly rslora: boolean
  readonly targets: string | ReadonlyArray<string>
  readonly saved: ReadonlyArray<string>
  /** Whether its base is held in 4 bits. */
  readonly fourBit: boolean
}

/** What computing holds in memory at once; results do not depend on it. */
export interface MemoryRecipe {
  readonly recompute: boolean
  readonly logitChunk?: number
  readonly scoringRows?: number
}

/** An inference server that draws completions, and how it follows the policy. */
export interface ServerRecipe {
  readonly url: string
  /** Name of the served base, where it is not the policy's. */
  readonly model?: string
  readonly logProbs: "raw" | "processed"
  /** Seconds. */
  readonly timeout: number
  /** Versions that stay loaded. */
  readonly versions: number
  /** Where versions are stored, where that is not in the run. */
  readonly folder?: string
  readonly folderThere?: string
}

/** Where a model comes from: a folder or a run directory by its name, or a new decoder of a shape. */
export type ModelSource =
  | { readonly _tag: "Named"; readonly name: string }
  | { readonly _tag: "Fresh"; readonly shape: ModelShape }

export interface SftRecipe {
  readonly length: Duration
  readonly batchSize: number
  readonly optimiser: PolicyOptimiser
}

/** How the policy practises, whatever its reward. */
export interface PolicyRecipe {
  readonly length: Duration
  readonly promptsPerStep: number
  readonly generations: number
  readonly advantage: PolicyStepOptions["advantage"]
  readonly objective: PolicyObjective
  readonly updates: number
  readonly microBatch?: number
  /** Experts that join the groups of their prompts. */
  readonly experts?: ExpertOptions
  /** How outcome rewards count beside the learned one; absent where they do not. */
  readonly outcomes?: OutcomeOptions["joins"]
  readonly truncatedCount: boolean
  readonly optimiser: PolicyOptimiser
  readonly keep: "best" | "last"
  /** Supervised fine-tuning that comes first. */
  readonly sft?: SftRecipe
}

/** A trained reward model to start from, and what of it. */
export interface LoadRecipe {
  readonly from: string
  readonly optimiser: boolean
  readonly continueWarmup: boolean
}

export interface CriticRecipe {
  /** The policy's own weights, a model by its name, or fresh weights of the policy's shape. */
  readonly trunk:
    | { readonly _tag: "Policy" }
    | { readonly _tag: "Fresh" }
    | { readonly _tag: "Named"; readonly name: string }
  readonly head: "scalar" | "verifier"
  /** Of the scalar head, where it does not train all weights of its trunk. */
  readonly adapter?: AdapterRecipe
  readonly granularity: GranularityRecipe
  readonly objective: DiscriminatorObjective
  readonly scale?: RewardScale
  readonly segment?: SegmentOptions
  /** Tokens of a segment where the granularity leaves a completion in one piece; without it units are the granularity's. */
  readonly segmentTokens?: number
  readonly batch: CriticBatch
  /** Of an update of the warm-up, where that is another. */
  readonly warmupBatch?: CriticBatch
  readonly dedup: boolean
  readonly microBatch?: number
  /** Several may be chained; none where rollouts are the only negatives. `stored` puts the data's own wrong versions among them. */
  readonly negatives: { readonly perturbations: ReadonlyArray<Perturbation>; readonly stored: boolean }
  readonly switchLabels: boolean
  readonly replayCapacity: number
  readonly warmupUpdates: number
  readonly updatesPerWarmupBatch: number
  /** U */
  readonly updates: number
  readonly verifyUpdates: boolean
  readonly failOnUnchanged: boolean
  readonly load?: LoadRecipe
  readonly optimiser: OptimiserSettings
}

/** Which tokens carry a reward. Steps end where the task says. */
export type GranularityRecipe =
  | { readonly _tag: "Sparse" | "Stepwise" | "Dense" }
  | { readonly _tag: "Interval"; readonly tokens: number }

/** How a policy learns from its own opinion of its completions with the expert's trace in sight. */
export interface OpsdRecipe {
  readonly kind: "direct" | "grpo"
  readonly standardise: boolean
  readonly weights: NonNullable<OpsdOptions["weights"]>
}

/** What is learned. */
export type Learning =
  | ({ readonly _tag: "Sft" } & SftRecipe)
  | ({ readonly _tag: "Grpo" } & PolicyRecipe)
  | ({ readonly _tag: "Opsd"; readonly mode: OpsdRecipe } & PolicyRecipe)
  | { readonly _tag: "Airl"; readonly policy: PolicyRecipe; readonly critic: CriticRecipe }

/** Everything that decides what a run learns. Nothing of the configuration is read but what becomes part of this. */
export interface Recipe {
  readonly seed: number
  readonly data: DataRecipe
  readonly limits: TokenLimits
  readonly policy: ModelSource
  /** The policy's adapter, where it does not train all its weights. */
  readonly adapter?: AdapterRecipe
  readonly memory: MemoryRecipe
  /** Draws the completions of training, where an engine of this process does not. */
  readonly server?: ServerRecipe
  readonly chatTemplate: RunConfig["model"]["chat_template"]
  /** How the weights of trained models are stored. */
  readonly savedAs: Safetensors.FloatFormat
  readonly sampling: { readonly temperature: number; readonly topP: number }
  readonly looks: { readonly every: number; readonly problems: number; readonly testProblems: number }
  readonly learning: Learning
}
