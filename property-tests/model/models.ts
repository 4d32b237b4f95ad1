import * as fc from "fast-check"
import { initialise, type ModelConfig, parameterSpecs } from "../../src/core/model/index.ts"
import { Programs } from "../../src/core/program/index.ts"
import { Rng, type Tensor, Tensors } from "../../src/core/tensor/index.ts"

/** Tiny models of every family, with grouped, shared and separate key heads. */
export const config: fc.Arbitrary<ModelConfig> = fc
  .record({
    model_type: fc.constantFrom("qwen2", "qwen3", "llama"),
    groups: fc.constantFrom(1, 2),
    perGroup: fc.constantFrom(1, 2, 3),
    head_dim: fc.constantFrom(2, 4, 6),
    num_hidden_layers: fc.constantFrom(1, 2),
    scaled: fc.boolean(),
    tie_word_embeddings: fc.boolean(),
    biased: fc.boolean()
  })
  .map(({ groups, perGroup, scaled, biased, ...rest }) => ({
    ...rest,
    vocab_size: 11,
    hidden_size: 8,
    intermediate_size: 6,
    num_attention_heads: groups * perGroup,
    num_key_value_heads: groups,
    max_position_embeddings: 64,
    rms_norm_eps: 1e-6,
    rope_theta: 100,
    rope_scaling: scaled
      ? {
          rope_type: "llama3",
          factor: 4,
          low_freq_factor: 1,
          high_freq_factor: 4,
          original_max_position_embeddings: 16
        }
      : null,
    attention_bias: rest.model_type === "qwen2" || biased,
    mlp_bias: rest.model_type === "llama" && biased,
    // Wide, so that attention is far from uniform and a mistake is felt.
    initializer_range: 0.5,
    bos_token_id: null,
    eos_token_id: [],
    pad_token_id: null
  }))

/** Parameters in double precision, all of them random: fresh norms and biases would hide mistakes. */
export const weights = (of: ModelConfig, seed: number): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(
    Object.entries(initialise(of, seed)).map(([name, { shape, data }]) => {
      const rng = Rng.make(seed, name)
      const noisy = name.endsWith("norm.weight") || name.endsWith(".bias")
      return [
        name,
        Tensors.f64(
          Float64Array.from(data, (x) => (noisy ? x + 0.3 * Rng.normal(rng) : x)),
          shape
        )
      ]
    })
  )

/** Symbolic parameters of a model. */
export const symbols = (of: ModelConfig) => Programs.inputsOf(parameterSpecs(of))

/** Rows of equally many random ids. */
export const rows = (B: number, T: number): fc.Arbitrary<ReadonlyArray<ReadonlyArray<number>>> =>
  fc.array(fc.array(fc.nat(10), { minLength: T, maxLength: T }), { minLength: B, maxLength: B })

/** Ids [B, T] as a tensor. */
export const batch = (ids: ReadonlyArray<ReadonlyArray<number>>): Tensor =>
  Tensors.i32(ids.flat(), [ids.length, ids[0]?.length ?? 0])
