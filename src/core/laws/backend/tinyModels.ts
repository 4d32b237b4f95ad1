import { Result } from "effect"
import { type Head, initialise, type ModelConfig, ModelConfigs } from "../../model/index.ts"
import { Rng, type Tensor, Tensors } from "../../tensor/index.ts"

const family = (model_type: string, rest: object): ModelConfig =>
  Result.getOrThrow(
    ModelConfigs.fromJson({
      model_type,
      vocab_size: 13,
      hidden_size: 16,
      intermediate_size: 24,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 6,
      max_position_embeddings: 64,
      tie_word_embeddings: true,
      // Large weights, so that attention and distributions are far from uniform and a mistake is felt.
      initializer_range: 0.4,
      ...rest
    })
  )

const llama3 = {
  rope_type: "llama3",
  factor: 4,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 16
}

/** A tiny model of each family: grouped, shared and separate heads; tied tables and others; biases; RoPE of Llama 3. */
export const tinyModels: Readonly<Record<string, ModelConfig>> = {
  "Qwen2, tied": family("qwen2", {}),
  "Qwen2, shared key head": family("qwen2", { tie_word_embeddings: false, num_key_value_heads: 1, head_dim: 4 }),
  Qwen3: family("qwen3", { tie_word_embeddings: false }),
  "Llama 3": family("llama", { num_key_value_heads: 4, rope_scaling: llama3 }),
  "Llama with biases": family("llama", { attention_bias: true, mlp_bias: true, tie_word_embeddings: false })
}

/** Parameters, all of them random: fresh norms and biases would hide mistakes. Exact in single precision. */
export const tinyParams = (of: ModelConfig, head: Head): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(
    Object.entries(initialise(of, 5, head)).map(([name, { shape, data }]) => {
      const rng = Rng.make(5, name)
      const plain = name.endsWith("norm.weight") || name.endsWith(".bias")
      return [
        name,
        Tensors.f32(
          Float32Array.from(data, (x) => (plain ? x + 0.3 * Rng.normal(rng) : x)),
          shape
        )
      ]
    })
  )
