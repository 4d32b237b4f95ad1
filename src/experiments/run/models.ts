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

/** AdamW with clipping at norm 1 and a linear warm-up. */
export interface OptimiserSettings {
  readonly learningRate: number
  readonly warmupSteps: number
  readonly weightDecay: number
  readonly beta2: number
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

const adamwOn = (settings: OptimiserSettings, learningRate: Schedule): GradientTransform =>
  chain(
    clipByGlobalNorm(1),
    adamw({ learningRate, beta2: settings.beta2, weightDecay: settings.weightDecay, decays: matricesOnly })
  )

/** The optimiser of so many updates, its rate falling to 0 along a cosine. */
export const optimiser = (settings: OptimiserSettings, updates: number): GradientTransform =>
  adamwOn(
    settings,
    Schedules.cosine({ peak: settings.learningRate, warmupSteps: settings.warmupSteps, totalSteps: updates })
  )

/** An optimiser that keeps its rate: for a critic, which must follow a policy that does not stand still. */
export const steadyOptimiser = (settings: OptimiserSettings): GradientTransform =>
  adamwOn(
    settings,
    Schedules.warmup(settings.warmupSteps, settings.learningRate, Schedules.constant(settings.learningRate))
  )
