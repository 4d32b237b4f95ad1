import { type Expr, InvalidProgram, Programs, type Spec } from "../program/index.ts"
import { Rng, Shapes, type Tensor, Tensors } from "../tensor/index.ts"
import type { ModelConfig } from "./ModelConfig.ts"

/** Parameters by the name that they have in a Hugging Face checkpoint. */
export type Params = Readonly<Record<string, Expr>>

/** A parameter of that name. @throws InvalidProgram when the model was given none */
export const parameter = (params: Params, name: string): Expr => {
  const found = params[name]
  if (found === undefined) throw new InvalidProgram({ reason: `the model has no parameter "${name}".` })
  return found
}

/** Which linear layers of a block carry a bias. */
export const biases = (
  config: ModelConfig
): { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean } => ({
  qkv: config.attention_bias,
  output: config.attention_bias && config.model_type !== "qwen2",
  mlp: config.mlp_bias
})

const linear = (name: string, out: number, width: number, bias: boolean): ReadonlyArray<readonly [string, Spec]> => [
  [`${name}.weight`, Programs.spec([out, width])],
  ...(bias ? [[`${name}.bias`, Programs.spec([out])] as const] : [])
]

const layerSpecs = (config: ModelConfig, layer: number): ReadonlyArray<readonly [string, Spec]> => {
  const { hidden_size: D, intermediate_size: F, head_dim } = config
  const queries = config.num_attention_heads * head_dim
  const keys = config.num_key_value_heads * head_dim
  const has = biases(config)
  const at = `model.layers.${layer}`
  const headNorms = ["q_norm", "k_norm"].map((n) => [`${at}.self_attn.${n}.weight`, Programs.spec([head_dim])] as const)
  return [
    [`${at}.input_layernorm.weight`, Programs.spec([D])],
    ...linear(`${at}.self_attn.q_proj`, queries, D, has.qkv),
    ...linear(`${at}.self_attn.k_proj`, keys, D, has.qkv),
    ...linear(`${at}.self_attn.v_proj`, keys, D, has.qkv),
    ...linear(`${at}.self_attn.o_proj`, D, queries, has.output),
    ...(config.model_type === "qwen3" ? headNorms : []),
    [`${at}.post_attention_layernorm.weight`, Programs.spec([D])],
    ...linear(`${at}.mlp.gate_proj`, F, D, has.mlp),
    ...linear(`${at}.mlp.up_proj`, F, D, has.mlp),
    ...linear(`${at}.mlp.down_proj`, D, F, has.mlp)
  ]
}

/** What reads the hidden states: next-token logits, one reward logit a token, or nothing. */
export type Head = "language" | "reward" | "none"

/**
 * Name and shape of every parameter, linear weights as [out, in].
 *
 * The language head is `lm_head.weight` [V, D], absent when tied to the embedding; the reward head is
 * `score.weight` [1, D], without a bias.
 */
export const parameterSpecs = (config: ModelConfig, head: Head = "language"): Readonly<Record<string, Spec>> => {
  const { vocab_size: V, hidden_size: D } = config
  const output: ReadonlyArray<readonly [string, Spec]> =
    head === "reward"
      ? [["score.weight", Programs.spec([1, D])]]
      : head === "language" && !config.tie_word_embeddings
        ? [["lm_head.weight", Programs.spec([V, D])]]
        : []
  return Object.fromEntries([
    ["model.embed_tokens.weight", Programs.spec([V, D])],
    ...Array.from({ length: config.num_hidden_layers }, (_, layer) => layerSpecs(config, layer)).flat(),
    ["model.norm.weight", Programs.spec([D])],
    ...output
  ])
}

/** Standard deviation of a fresh weight. */
export type Deviation = (name: string, spec: Spec) => number

/**
 * Deviations that keep activations at one size whatever the width: 1/√fan-in, for what adds to the residual stream
 * divided by √(2 · layers) (Radford et al. 2019), and a quarter of 1/√D for the embedding. A small decoder trained
 * from nothing learns faster and overfits later than with one deviation for all.
 */
export const byFanIn =
  (config: ModelConfig): Deviation =>
  (name, { shape }) => {
    const inverse = 1 / Math.sqrt(shape[shape.length - 1]!)
    if (name === "model.embed_tokens.weight") return inverse / 4
    return /\.(?:o_proj|down_proj)\./u.test(name) ? inverse / Math.sqrt(2 * config.num_hidden_layers) : inverse
  }

/**
 * Fresh parameters: norms 1, biases 0, all else normal, with standard deviation `initializer_range` unless told.
 * Each tensor draws from a stream named by the seed and its own name, so that adding a head changes no other tensor.
 */
export const initialise = (
  config: ModelConfig,
  seed: string | number,
  head: Head = "language",
  deviation: Deviation = () => config.initializer_range
): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(
    Object.entries(parameterSpecs(config, head)).map(([name, spec]) => {
      const { shape } = spec
      if (name.endsWith("norm.weight")) return [name, Tensors.full(shape, 1)]
      if (name.endsWith(".bias")) return [name, Tensors.full(shape, 0)]
      return [name, Tensors.f32(Rng.normals(seed, name, Shapes.size(shape), deviation(name, spec)), shape)]
    })
  )
