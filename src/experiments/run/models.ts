import { Result } from "effect"
import type { Params } from "../../core/learner/index.ts"
import { byFanIn, initialise, type ModelConfig, ModelConfigs } from "../../core/model/index.ts"
import {
  adamw,
  chain,
  clipByGlobalNorm,
  type GradientTransform,
  matricesOnly,
  type Schedule,
  Schedules
} from "../../core/optim/index.ts"

/** The shape of a small decoder. */
export interface ModelShape {
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly feedForward: number
  /** Standard deviation of fresh weights; by their fan-in where absent. */
  readonly initializerRange?: number
}

/** AdamW with gradient clipping and a linear warm-up. */
export interface OptimiserSettings {
  /** Highest learning rate. */
  readonly learningRate: number
  readonly warmupSteps: number
  readonly weightDecay: number
  readonly beta2: number
  /** 0.9 by default. */
  readonly beta1?: number
  /** Gradients are clipped to this global norm, 1 by default. */
  readonly maxGradNorm?: number
  /** How the rate falls from the end of the warm-up to the last update, `cosine` by default. */
  readonly decay?: "cosine" | "linear" | "constant"
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
      ...(shape.initializerRange === undefined ? {} : { initializer_range: shape.initializerRange })
    })
  )

/** Fresh parameters of a decoder of that shape. */
export const freshDecoder = (config: ModelConfig, shape: ModelShape, seed: number): Params =>
  shape.initializerRange === undefined
    ? initialise(config, seed, "language", byFanIn(config))
    : initialise(config, seed)

const adamwOn = (
  { beta1 = 0.9, beta2, weightDecay, maxGradNorm = 1 }: OptimiserSettings,
  learningRate: Schedule
): GradientTransform =>
  chain(clipByGlobalNorm(maxGradNorm), adamw({ learningRate, beta1, beta2, weightDecay, decays: matricesOnly }))

/** The optimiser of so many updates, its rate falling to 0 unless the settings keep it constant. */
export const optimiser = (settings: OptimiserSettings, updates: number): GradientTransform => {
  const { learningRate, warmupSteps, decay = "cosine" } = settings
  return decay === "constant"
    ? steadyOptimiser(settings)
    : adamwOn(settings, Schedules[decay]({ peak: learningRate, warmupSteps, totalSteps: updates }))
}

/** An optimiser that keeps its rate: for a critic, which must follow a policy that does not stand still. */
export const steadyOptimiser = (settings: OptimiserSettings): GradientTransform =>
  adamwOn(
    settings,
    Schedules.warmup(settings.warmupSteps, settings.learningRate, Schedules.constant(settings.learningRate))
  )
