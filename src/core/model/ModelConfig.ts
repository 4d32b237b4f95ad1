import { Data, Result, Schema } from "effect"

const Size = Schema.Int.check(Schema.isGreaterThan(0))
const Positive = Schema.Finite.check(Schema.isGreaterThan(0))

/** Frequency scaling of Llama 3: long wavelengths are stretched by `factor`, short ones kept, the rest interpolated. */
export const Llama3Scaling = Schema.Struct({
  rope_type: Schema.Literal("llama3"),
  factor: Positive,
  low_freq_factor: Positive,
  high_freq_factor: Positive,
  original_max_position_embeddings: Size
})

/**
 * The shape of a decoder-only language model. Field names are those of a checkpoint's `config.json`;
 * every default is filled in, and the newer spellings are read into the older ones.
 */
export const ModelConfig = Schema.Struct({
  model_type: Schema.Literals(["qwen2", "qwen3", "llama"]),
  vocab_size: Size,
  /** Width D. */
  hidden_size: Size,
  /** Width of the gated feed-forward layer. */
  intermediate_size: Size,
  num_hidden_layers: Size,
  num_attention_heads: Size,
  /** Heads of keys and values; each serves `num_attention_heads / num_key_value_heads` query heads. */
  num_key_value_heads: Size,
  /** Width of one head; even. Need not be hidden_size / num_attention_heads. */
  head_dim: Size,
  max_position_embeddings: Size,
  rms_norm_eps: Positive,
  rope_theta: Positive,
  rope_scaling: Schema.NullOr(Llama3Scaling),
  /** The output projection is the embedding table. */
  tie_word_embeddings: Schema.Boolean,
  /** Biases on q, k and v, and for all families but qwen2 on o. Always true for qwen2. */
  attention_bias: Schema.Boolean,
  /** Biases in the feed-forward layer. */
  mlp_bias: Schema.Boolean,
  /** Standard deviation of fresh weights. */
  initializer_range: Positive,
  bos_token_id: Schema.NullOr(Schema.Int),
  /** Any of these ends a sequence. */
  eos_token_id: Schema.Array(Schema.Int),
  pad_token_id: Schema.NullOr(Schema.Int)
})

/** A model's shape, complete and checked. */
export type ModelConfig = typeof ModelConfig.Type

/** A `config.json` that is malformed, or asks for something that this decoder does not compute. */
export class ModelConfigRejected extends Data.TaggedError("ModelConfigRejected")<{
  /** `malformed`: no such model can exist. `unsupported`: it can, but not here. */
  readonly kind: "malformed" | "unsupported"
  readonly key: string
  readonly reason: string
}> {
  override get message(): string {
    return `config.json: ${this.key}: ${this.reason}`
  }
}

const OptionalSize = Schema.optionalKey(Schema.NullOr(Size))
const OptionalPositive = Schema.optionalKey(Schema.NullOr(Positive))
const OptionalBoolean = Schema.optionalKey(Schema.NullOr(Schema.Boolean))
const OptionalId = Schema.optionalKey(Schema.NullOr(Schema.Int))

const Rope = Schema.Struct({
  rope_theta: OptionalPositive,
  rope_type: Schema.optionalKey(Schema.String),
  /** Old name of `rope_type`. */
  type: Schema.optionalKey(Schema.String),
  factor: OptionalPositive,
  low_freq_factor: OptionalPositive,
  high_freq_factor: OptionalPositive,
  original_max_position_embeddings: OptionalSize,
  partial_rotary_factor: OptionalPositive
})

/** The keys of `config.json` that matter here, in all their spellings. */
const Raw = Schema.Struct({
  model_type: Schema.String,
  vocab_size: Size,
  hidden_size: Size,
  intermediate_size: Size,
  num_hidden_layers: Size,
  num_attention_heads: Size,
  num_key_value_heads: OptionalSize,
  head_dim: OptionalSize,
  max_position_embeddings: OptionalSize,
  rms_norm_eps: OptionalPositive,
  rope_theta: OptionalPositive,
  rope_scaling: Schema.optionalKey(Schema.NullOr(Rope)),
  rope_parameters: Schema.optionalKey(Schema.NullOr(Rope)),
  partial_rotary_factor: OptionalPositive,
  tie_word_embeddings: OptionalBoolean,
  attention_bias: OptionalBoolean,
  mlp_bias: OptionalBoolean,
  initializer_range: OptionalPositive,
  bos_token_id: OptionalId,
  eos_token_id: Schema.optionalKey(Schema.NullOr(Schema.Union([Schema.Int, Schema.Array(Schema.Int)]))),
  pad_token_id: OptionalId,
  hidden_act: Schema.optionalKey(Schema.String),
  use_sliding_window: OptionalBoolean,
  layer_types: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String))),
  quantization_config: Schema.optionalKey(Schema.Unknown)
})

type Raw = typeof Raw.Type

const families = ModelConfig.fields.model_type.literals

const isFamily = (name: string): name is ModelConfig["model_type"] => families.some((f) => f === name)

const malformed = (key: string, reason: string) => new ModelConfigRejected({ kind: "malformed", key, reason })
const unsupported = (key: string, reason: string) => new ModelConfigRejected({ kind: "unsupported", key, reason })

const ropeOf = (raw: Raw): Result.Result<Pick<ModelConfig, "rope_theta" | "rope_scaling">, ModelConfigRejected> => {
  const key = raw.rope_parameters ? "rope_parameters" : "rope_scaling"
  const rope = raw.rope_parameters ?? raw.rope_scaling ?? {}
  const rope_theta = rope.rope_theta ?? raw.rope_theta ?? 10000
  const kind = rope.rope_type ?? rope.type ?? "default"
  if ((rope.partial_rotary_factor ?? raw.partial_rotary_factor ?? 1) !== 1) {
    return Result.fail(unsupported("partial_rotary_factor", "only whole heads are rotated here; it must be 1."))
  }
  if (kind === "default") return Result.succeed({ rope_theta, rope_scaling: null })
  if (kind !== "llama3") {
    return Result.fail(unsupported(`${key}.rope_type`, `"${kind}" is not known; "default" and "llama3" are.`))
  }
  const { factor, low_freq_factor: low, high_freq_factor: high, original_max_position_embeddings: original } = rope
  if (factor == null || low == null || high == null || original == null) {
    return Result.fail(
      malformed(key, "llama3 needs factor, low_freq_factor, high_freq_factor, original_max_position_embeddings.")
    )
  }
  if (!(low < high))
    return Result.fail(malformed(key, `low_freq_factor ${low} must be below high_freq_factor ${high}.`))
  const rope_scaling = {
    rope_type: "llama3" as const,
    factor,
    low_freq_factor: low,
    high_freq_factor: high,
    original_max_position_embeddings: original
  }
  return Result.succeed({ rope_theta, rope_scaling })
}

const refusal = (raw: Raw): ModelConfigRejected | undefined => {
  if ((raw.hidden_act ?? "silu") !== "silu") return unsupported("hidden_act", `"${raw.hidden_act}" is not "silu".`)
  if (raw.use_sliding_window === true) return unsupported("use_sliding_window", "attention is never windowed here.")
  const layer = raw.layer_types?.find((t) => t !== "full_attention")
  if (layer !== undefined) return unsupported("layer_types", `"${layer}" is not "full_attention".`)
  if (raw.quantization_config != null) return unsupported("quantization_config", "weights must be plain floats.")
  return undefined
}

/** Fields that must fit each other. */
const mismatch = (config: ModelConfig): ModelConfigRejected | undefined => {
  const { num_attention_heads: heads, num_key_value_heads: groups, head_dim } = config
  if (heads % groups !== 0) return malformed("num_key_value_heads", `${groups} does not divide ${heads} query heads.`)
  if (head_dim % 2 !== 0) return malformed("head_dim", `${head_dim} is odd; rotary positions pair its halves.`)
  return undefined
}

/** Qwen3 fixes its head width; the other families divide the hidden size. */
const headDim = (raw: Raw): number =>
  raw.head_dim ?? (raw.model_type === "qwen3" ? 128 : raw.hidden_size / raw.num_attention_heads)

/**
 * Reads a parsed `config.json` of the qwen2, qwen3 or llama family, in the old or the new form
 * (`rope_theta` + `rope_scaling`, or `rope_parameters`). Keys that do not concern the architecture are ignored.
 */
export const fromJson = (json: unknown): Result.Result<ModelConfig, ModelConfigRejected> => {
  const decoded = Schema.decodeUnknownResult(Raw)(json)
  if (Result.isFailure(decoded)) return Result.fail(malformed("(top level)", String(decoded.failure)))
  const raw = decoded.success
  const family = raw.model_type
  if (!isFamily(family)) {
    return Result.fail(unsupported("model_type", `"${family}" is not one of ${families.join(", ")}.`))
  }
  const refused = refusal(raw)
  if (refused !== undefined) return Result.fail(refused)
  const head_dim = headDim(raw)
  if (!Number.isInteger(head_dim)) {
    return Result.fail(malformed("num_attention_heads", "does not divide hidden_size, and head_dim is not given."))
  }
  const eos = raw.eos_token_id ?? []
  return Result.flatMap(ropeOf(raw), (rope) => {
    const config: ModelConfig = {
      model_type: family,
      vocab_size: raw.vocab_size,
      hidden_size: raw.hidden_size,
      intermediate_size: raw.intermediate_size,
      num_hidden_layers: raw.num_hidden_layers,
      num_attention_heads: raw.num_attention_heads,
      num_key_value_heads: raw.num_key_value_heads ?? raw.num_attention_heads,
      head_dim,
      max_position_embeddings: raw.max_position_embeddings ?? 2048,
      rms_norm_eps: raw.rms_norm_eps ?? 1e-6,
      ...rope,
      tie_word_embeddings: raw.tie_word_embeddings ?? false,
      attention_bias: family === "qwen2" || (raw.attention_bias ?? false),
      mlp_bias: family === "llama" && (raw.mlp_bias ?? false),
      initializer_range: raw.initializer_range ?? 0.02,
      bos_token_id: raw.bos_token_id ?? null,
      eos_token_id: typeof eos === "number" ? [eos] : eos,
      pad_token_id: raw.pad_token_id ?? null
    }
    const wrong = mismatch(config)
    return wrong === undefined ? Result.succeed(config) : Result.fail(wrong)
  })
}

const architectures = { qwen2: "Qwen2", qwen3: "Qwen3", llama: "Llama" } as const

/** What to write as `config.json`: the older spelling, which every loader reads. `head` names the class suffix. */
export const toJson = (
  config: ModelConfig,
  head: "ForCausalLM" | "ForSequenceClassification" | "ForTokenClassification" = "ForCausalLM"
): Readonly<Record<string, unknown>> => {
  const { attention_bias, mlp_bias, eos_token_id, ...rest } = config
  return {
    architectures: [`${architectures[config.model_type]}${head}`],
    ...rest,
    hidden_act: "silu",
    torch_dtype: "float32",
    eos_token_id: eos_token_id.length === 0 ? null : eos_token_id.length === 1 ? eos_token_id[0] : eos_token_id,
    ...(config.model_type === "qwen2" ? {} : { attention_bias }),
    ...(config.model_type === "llama" ? { mlp_bias } : { use_sliding_window: false })
  }
}
