import { readdirSync, readFileSync } from "node:fs"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { evaluate } from "../src/core/kernel/index.ts"
import {
  forward,
  initialise,
  logits,
  type ModelConfig,
  ModelConfigs,
  parameterSpecs,
  Safetensors,
  tokenLogProbs,
  tokenRewards
} from "../src/core/model/index.ts"
import { input, mean, neg, Programs } from "../src/core/program/index.ts"
import { type Tensor, Tensors } from "../src/core/tensor/index.ts"
import { grad } from "../src/core/transform/index.ts"

const folder = new URL("fixtures/decoder/", import.meta.url)

const tensors = (path: string): Readonly<Record<string, Tensor>> =>
  Result.getOrThrow(Safetensors.decode(readFileSync(new URL(path, folder)))).tensors

const json = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`${name}/config.json`, folder), "utf8"))

const configOf = (name: string): ModelConfig => Result.getOrThrow(ModelConfigs.fromJson(json(name)))

/** Largest absolute difference, as a share of the largest expected magnitude. */
const error = (actual: Tensor, expected: Tensor): number => {
  expect(actual.shape).toEqual(expected.shape)
  const scale = Math.max(...expected.data.map(Math.abs))
  return Math.max(...expected.data.map((e, i) => Math.abs(actual.data[i]! - e))) / scale
}

const refusal = (change: Readonly<Record<string, unknown>>, name = "llama3") => {
  const result = ModelConfigs.fromJson({ ...json(name), ...change })
  if (Result.isSuccess(result)) throw new Error("The configuration was accepted.")
  return result.failure
}

describe.each(readdirSync(folder))("decoder %s", (name) => {
  const config = configOf(name)
  const weights = tensors(`${name}/model.safetensors`)
  const expected = tensors(`${name}/expected.safetensors`)
  const ids = expected["ids"]!
  const params = Programs.inputsOf(parameterSpecs(config))

  it("golden: parameters have the names and shapes of the checkpoint", () => {
    const shapes = (of: Readonly<Record<string, { readonly shape: ReadonlyArray<number> }>>) =>
      Object.fromEntries(Object.entries(of).map(([key, { shape }]) => [key, shape]))
    expect(shapes(parameterSpecs(config))).toEqual(shapes(weights))
    expect(shapes(initialise(config, 1))).toEqual(shapes(weights))
  })

  // The peer computes in single precision: its own rounding is the tolerance.
  it("golden: logits, loss and the gradients of all parameters are those of transformers", () => {
    const tokens = input("ids", ids.shape, "i32")
    const { hidden } = forward(config, params, tokens)
    const loss = neg(mean(tokenLogProbs(config, params, hidden, tokens).logProbs))
    const names = Object.keys(params)
    const gradients = grad(loss, Object.values(params))
    const program = Programs.fromExprs({
      logits: logits(config, params, hidden),
      loss,
      ...Object.fromEntries(names.map((key, i) => [`grad.${key}`, gradients[i]!]))
    })
    const actual = evaluate(program, { ids, ...weights })
    const shaped = Tensors.f64(Float64Array.from(actual["logits"]!.data), expected["logits"]!.shape)
    expect(error(shaped, expected["logits"]!)).toBeLessThan(2e-6)
    expect(Tensors.item(actual["loss"]!)).toBeCloseTo(Tensors.item(expected["loss"]!), 5)
    for (const key of names) {
      expect(error(actual[`grad.${key}`]!, expected[`grad.${key}`]!), key).toBeLessThan(1e-5)
    }
  })
})

describe("tokenLogProbs", () => {
  const config = configOf("qwen2-tied")
  const weights = tensors("qwen2-tied/model.safetensors")
  const { ids, logits: all } = tensors("qwen2-tied/expected.safetensors") as { ids: Tensor; logits: Tensor }
  const [B, T, V] = all.shape as [number, number, number]
  const run = (options: Parameters<typeof tokenLogProbs>[4]) => {
    const params = Programs.inputsOf(parameterSpecs(config))
    const tokens = input("ids", ids.shape, "i32")
    const { logProbs, entropy } = tokenLogProbs(config, params, forward(config, params, tokens).hidden, tokens, options)
    return evaluate(Programs.fromExprs({ logProbs, entropy }), { ids, ...weights })
  }
  const row = (b: number, t: number, temperature: number) => {
    const scaled = Array.from(all.data.subarray((b * T + t) * V, (b * T + t + 1) * V), (z) => z / temperature)
    const total = Math.log(scaled.reduce((s, z) => s + Math.exp(z), 0))
    return scaled.map((z) => z - total)
  }

  it.each([
    { from: 1, temperature: 1 },
    { from: 4, temperature: 0.7 },
    { from: T - 1, temperature: 2 }
  ])("golden: entry j is token from + j given all before it ($from, $temperature)", ({ from, temperature }) => {
    const { logProbs, entropy } = run({ from, temperature }) as { logProbs: Tensor; entropy: Tensor }
    expect(logProbs.shape).toEqual([B, T - from])
    expect(entropy.shape).toEqual([B, T - from])
    for (let b = 0; b < B; b++) {
      for (let t = from; t < T; t++) {
        const before = row(b, t - 1, temperature)
        const at = b * (T - from) + t - from
        expect(logProbs.data[at]).toBeCloseTo(before[ids.data[b * T + t]!]!, 5)
        expect(entropy.data[at]).toBeCloseTo(-before.reduce((s, l) => s + Math.exp(l) * l, 0), 5)
      }
    }
  })
})

describe("tokenRewards", () => {
  it("golden: the inner product of each hidden state with score.weight", () => {
    const hidden = Tensors.f64([1, 2, 3, 4, 5, 6, 7, 8], [4, 2])
    const params = { "score.weight": input("score.weight", [1, 2]) }
    const program = Programs.fromExprs({ rewards: tokenRewards(params, input("hidden", [4, 2]), 2) })
    const { rewards } = evaluate(program, { hidden, "score.weight": Tensors.f64([10, -1], [1, 2]) })
    expect(rewards).toEqual(Tensors.f64([8, 26, 44, 62], [2, 2]))
  })
})

describe("ModelConfig", () => {
  it("golden: old and new spellings mean the same", () => {
    const { rope_parameters, ...rest } = json("llama3") as { rope_parameters: Record<string, unknown> }
    const { rope_theta, rope_type, ...scaling } = rope_parameters
    const old = { ...rest, rope_theta, rope_scaling: { type: rope_type, ...scaling }, eos_token_id: [2] }
    expect(ModelConfigs.fromJson(old)).toEqual(ModelConfigs.fromJson(json("llama3")))
    expect(configOf("llama3").rope_scaling?.factor).toBe(8)
  })

  it("golden: what is not stated has the default of its family", () => {
    const sizes = {
      vocab_size: 9,
      hidden_size: 8,
      intermediate_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2
    }
    const made = (model_type: string) => Result.getOrThrow(ModelConfigs.fromJson({ model_type, ...sizes }))
    expect(made("qwen2")).toMatchObject({
      num_key_value_heads: 2,
      head_dim: 4,
      rope_theta: 10000,
      attention_bias: true
    })
    expect(made("qwen3")).toMatchObject({ head_dim: 128, attention_bias: false, rms_norm_eps: 1e-6 })
    expect(made("llama")).toMatchObject({ rope_scaling: null, tie_word_embeddings: false, eos_token_id: [] })
  })

  it("law: reading what was written gives the same configuration", () => {
    for (const name of readdirSync(folder)) {
      expect(ModelConfigs.fromJson(ModelConfigs.toJson(configOf(name)))).toEqual(Result.succeed(configOf(name)))
    }
  })

  it("error: names the key that is malformed", () => {
    const cases: ReadonlyArray<readonly [Readonly<Record<string, unknown>>, string, RegExp]> = [
      [{ hidden_size: 0 }, "(top level)", /hidden_size/],
      [{ num_key_value_heads: 3 }, "num_key_value_heads", /3 does not divide 4/],
      [{ head_dim: 7 }, "head_dim", /odd/],
      [{ head_dim: null, num_attention_heads: 3, num_key_value_heads: 1 }, "num_attention_heads", /does not divide/],
      [{ rope_parameters: { rope_type: "llama3", factor: 8 } }, "rope_parameters", /low_freq_factor/]
    ]
    for (const [change, key, message] of cases) {
      expect(refusal(change)).toMatchObject({ _tag: "ModelConfigRejected", kind: "malformed", key })
      expect(refusal(change).message).toMatch(message)
    }
  })

  it("error: names the key that asks for what is not computed", () => {
    const cases: ReadonlyArray<readonly [Readonly<Record<string, unknown>>, string]> = [
      [{ model_type: "gpt2" }, "model_type"],
      [{ hidden_act: "gelu" }, "hidden_act"],
      [{ use_sliding_window: true }, "use_sliding_window"],
      [{ layer_types: ["full_attention", "sliding_attention"] }, "layer_types"],
      [{ quantization_config: { bits: 4 } }, "quantization_config"],
      [{ rope_parameters: { rope_type: "yarn", factor: 4 } }, "rope_parameters.rope_type"],
      [{ rope_parameters: null, rope_scaling: { type: "linear", factor: 4 } }, "rope_scaling.rope_type"],
      [{ partial_rotary_factor: 0.5 }, "partial_rotary_factor"]
    ]
    for (const [change, key] of cases) expect(refusal(change)).toMatchObject({ kind: "unsupported", key })
  })

  it("error: a missing parameter is named when the program is built", () => {
    const config = configOf("qwen3")
    const specs = parameterSpecs(config)
    const built = Programs.build({ ids: Programs.spec([1, 3], "i32") }, ({ ids }) => {
      const params = Programs.inputsOf(specs)
      const { "model.layers.1.self_attn.k_norm.weight": _, ...others } = params as Record<string, never>
      return { hidden: forward(config, others, ids).hidden }
    })
    expect(Result.isFailure(built) && built.failure.message).toMatch(/"model.layers.1.self_attn.k_norm.weight"/)
  })
})
