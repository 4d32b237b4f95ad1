import { Result } from "effect"
import type { CriticBatch, Params, RewardModel, Selection, Units } from "../../core/learner/index.ts"
import { type ModelConfig, ModelConfigs } from "../../core/model/index.ts"
import type { AdvantageEstimator } from "../../core/objective/index.ts"
import {
  adamw,
  chain,
  clipByGlobalNorm,
  type GradientTransform,
  matricesOnly,
  Schedules
} from "../../core/optim/index.ts"
import type { Json } from "../../core/run/index.ts"

/** The shape of a small decoder. */
export interface ModelShape {
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly feedForward: number
  /** Standard deviation of fresh weights. */
  readonly initializerRange: number
}

/** AdamW with clipping at norm 1, linear warm-up and a cosine to 0. */
export interface OptimiserSettings {
  readonly learningRate: number
  readonly warmupSteps: number
  readonly weightDecay: number
  readonly beta2: number
}

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
  readonly labelSmoothing: number
  readonly batch: CriticBatch
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

/** The decoder of that shape: Qwen2 with a tied head. */
export const modelConfig = (shape: ModelShape, vocabulary: number, contextLength: number): ModelConfig =>
  // Every field is ours, so a refusal would be a defect.
  Result.getOrThrow(
    ModelConfigs.fromJson({
      model_type: "qwen2",
      hidden_size: shape.width,
      intermediate_size: shape.feedForward,
      num_hidden_layers: shape.layers,
      num_attention_heads: shape.heads,
      num_key_value_heads: shape.heads,
      vocab_size: vocabulary,
      max_position_embeddings: contextLength,
      rms_norm_eps: 1e-6,
      rope_theta: 10_000,
      tie_word_embeddings: true,
      initializer_range: shape.initializerRange
    })
  )

/** The optimiser of so many updates. */
export const optimiser = (settings: OptimiserSettings, updates: number): GradientTransform =>
  chain(
    clipByGlobalNorm(1),
    adamw({
      learningRate: Schedules.cosine({
        peak: settings.learningRate,
        warmupSteps: settings.warmupSteps,
        totalSteps: updates
      }),
      beta2: settings.beta2,
      weightDecay: settings.weightDecay,
      decays: matricesOnly
    })
  )

const plain = (value: unknown): Json => {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === "object")
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, v]) => (typeof v === "function" ? [] : [[key, plain(v)]]))
    )
  return String(value)
}

/** The recipe as it stands in `config.yaml`: values that are functions are known by their name. */
export const describe = (recipe: Recipe): Json => plain(recipe)

/** Leaves of a JSON value as `a.b: value`, for a table of settings. */
export const settings = (value: Json, prefix = ""): ReadonlyArray<{ readonly key: string; readonly value: string }> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, v]) => settings(v, prefix === "" ? key : `${prefix}.${key}`))
    : [{ key: prefix, value: typeof value === "string" ? value : JSON.stringify(value) }]
