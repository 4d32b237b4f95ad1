import { readFileSync } from "node:fs"
import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Reference from "../src/backends/reference/index.ts"
import {
  AdapterConfigs,
  AdapterRejected,
  Adapters,
  fromFiles,
  merge,
  toFiles,
  withAdapter
} from "../src/core/adapter/index.ts"
import { evaluate } from "../src/core/kernel/index.ts"
import { SharedBases } from "../src/core/learner/index.ts"
import {
  type Deviation,
  forward,
  initialise,
  logits,
  type ModelConfig,
  parameterSpecs,
  Safetensors,
  tokenRewards
} from "../src/core/model/index.ts"
import { residentParams } from "../src/core/optim/index.ts"
import { type Expr, input, Programs, slice } from "../src/core/program/index.ts"
import { Backend } from "../src/core/service/index.ts"
import { type Tensor, Tensors } from "../src/core/tensor/index.ts"
import { baseConfig, cases, filesOf } from "./fixtures/adapters.ts"

const fixtures = new URL("fixtures/", import.meta.url)
const bytes = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(path, fixtures)))
const tensors = (path: string): Readonly<Record<string, Tensor>> =>
  Result.getOrThrow(Safetensors.decode(bytes(path))).tensors

const stored = (name: string) => ({
  config: readFileSync(new URL(`adapters/${name}/adapter_config.json`, fixtures), "utf8"),
  tensors: bytes(`adapters/${name}/adapter_model.safetensors`)
})

type Params = Readonly<Record<string, Expr>>

/** What the peer reports: logits of every token, or the score of the last one. */
const read =
  (model: ModelConfig, ids: Expr) =>
  (params: Params): Params => {
    const { hidden } = forward(model, params, ids)
    const [B, T] = ids.shape as readonly [number, number]
    return params["score.weight"] === undefined
      ? { logits: logits(model, params, hidden) }
      : { rewards: slice(tokenRewards(params, hidden, B), 1, T - 1) }
  }

const furthest = (actual: Tensor, expected: Tensor): number =>
  Math.max(...expected.data.map((e, i) => Math.abs(actual.data[i]! - e)))

const made: ReadonlyArray<readonly [string, string]> = [
  ["names", "qwen2-tied"],
  ["all-linear", "llama3"],
  ["pattern", "qwen3"],
  ["reward", "qwen2-untied"]
]

describe("adapters and PEFT", () => {
  it.each([
    ...made,
    ...cases.map(([name, of]) => [name, of] as const)
  ])("golden: %s on %s gives PEFT's logits within 1e-4, adapted and merged", (name, of) => {
    const model = baseConfig(of)
    const base = tensors(`decoder/${of}/model.safetensors`)
    const { adapter, values } = Result.getOrThrow(fromFiles(stored(name), model))
    const { ids, ...expected } = tensors(`adapters/${name}/expected.safetensors`)
    const symbol = input("ids", ids!.shape, "i32")
    const own = Programs.inputsOf(adapter.params)
    const head = Adapters.headOf(adapter.config)
    const trunk = Programs.inputsOf(parameterSpecs(model, head))
    const feed = { ...base, ids: ids! }
    const adaptedBy = evaluate(Programs.fromExprs(withAdapter(adapter, trunk, own, read(model, symbol))), {
      ...feed,
      ...values
    })
    const merged = evaluate(Programs.fromExprs(read(model, symbol)(trunk)), {
      ...merge(adapter, base, values),
      ids: ids!
    })
    const key = Object.keys(expected)[0]!
    expect(furthest(adaptedBy[key]!, expected[key]!)).toBeLessThan(1e-4)
    expect(furthest(merged[key]!, expected[key]!)).toBeLessThan(1e-4)
    // Otherwise the base alone would do.
    const plain = evaluate(Programs.fromExprs(read(model, symbol)(trunk)), { ...values, ...feed })
    expect(furthest(plain[key]!, expected[key]!)).toBeGreaterThan(0.05)
  })

  it.each(made)("golden: what PEFT wrote of %s on %s is written again, byte for byte", (name, of) => {
    const files = toFiles(Result.getOrThrow(fromFiles(stored(name), baseConfig(of))))
    expect(files.config).toBe(stored(name).config)
    expect(Buffer.from(files.tensors).equals(stored(name).tensors)).toBe(true)
  })

  it.each(cases)("golden: %s on %s is still what PEFT has read", (name, base, options) => {
    const files = filesOf(base, options)
    expect(files.config).toBe(stored(name).config)
    expect(Buffer.from(files.tensors).equals(stored(name).tensors)).toBe(true)
  })
})

interface Recorded {
  readonly options: Readonly<Record<string, unknown>>
  readonly modules?: Readonly<Record<string, readonly [rank: number, scale: number]>>
  readonly saved?: ReadonlyArray<string>
  readonly error?: string
}

const records: ReadonlyArray<Recorded> = JSON.parse(readFileSync(new URL("adapters/targets.json", fixtures), "utf8"))

const sorted = (names: Iterable<string>): ReadonlyArray<string> => [...names].sort()

describe("targets", () => {
  const model = baseConfig("qwen2-untied")
  const resolved = (options: Readonly<Record<string, unknown>>) =>
    Result.flatMap(AdapterConfigs.fromJson({ peft_type: "LORA", r: 2, lora_alpha: 3, ...options }), (config) =>
      Adapters.make(config, model)
    )

  it.each(
    records.map((record) => [JSON.stringify(record.options), record] as const)
  )("golden: %s adapts what PEFT adapts", (_, { options, modules, saved, error }) => {
    const adapter = resolved(options)
    // Embeddings are adapted by PEFT, and refused here.
    if (error !== undefined || modules!["model.embed_tokens"] !== undefined) {
      if (Result.isSuccess(adapter)) throw new Error("The adapter was accepted.")
      expect(adapter.failure).toBeInstanceOf(AdapterRejected)
      return
    }
    const found = Result.getOrThrow(adapter)
    expect(sorted(Object.keys(found.targets))).toEqual(sorted(Object.keys(modules!)))
    for (const [name, [rank, scale]] of Object.entries(modules!)) {
      expect(found.targets[name]!.rank).toBe(rank)
      expect(found.targets[name]!.scale).toBeCloseTo(scale, 12)
    }
    expect(sorted(found.saved)).toEqual(saved)
  })
})

describe("initialise", () => {
  const model = baseConfig("qwen2-untied")
  const adapter = Result.getOrThrow(
    Result.flatMap(AdapterConfigs.make({ task_type: "SEQ_CLS", r: 64, target_modules: ["q_proj"] }), (config) =>
      Adapters.make(config, model)
    )
  )

  it("golden: A is uniform in ±1/√in, B zero, a head that of the base or of a fresh model", () => {
    const fresh = Adapters.initialise(adapter, 5)
    const { data } = fresh["model.layers.0.self_attn.q_proj.lora_A.weight"]!
    expect(data.length).toBe(64 * 16)
    expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(0.25)
    expect(Math.max(...data.map(Math.abs))).toBeGreaterThan(0.24)
    // The variance of a uniform number in ±b is b²/3.
    const squares = Array.from(data, (x) => x * x)
    const variance = squares.reduce((s, x) => s + x, 0) / squares.length
    expect(Math.abs(variance / (0.0625 / 3) - 1)).toBeLessThan(0.1)
    expect([...new Set(fresh["model.layers.1.self_attn.q_proj.lora_B.weight"]!.data)]).toEqual([0])
    const deviation: Deviation = () => model.initializer_range
    expect(fresh["score.weight"]).toEqual(initialise(model, 5, "reward", deviation)["score.weight"])
    const head = Tensors.full([1, 16], 3)
    expect(Adapters.initialise(adapter, 5, { "score.weight": head })["score.weight"]).toBe(head)
  })
})

describe("refusals", () => {
  const refusal = (
    change: Readonly<Record<string, unknown>>,
    damage: (t: Record<string, Tensor>) => void = () => {}
  ) => {
    const { config, tensors } = stored("names")
    const held = { ...Result.getOrThrow(Safetensors.decode(tensors)).tensors }
    damage(held)
    const files = {
      config: JSON.stringify({ ...JSON.parse(config), ...change }),
      tensors: Safetensors.encode(held)
    }
    const result = fromFiles(files, baseConfig("qwen2-tied"))
    if (Result.isSuccess(result)) throw new Error("The adapter was accepted.")
    expect(result.failure).toBeInstanceOf(AdapterRejected)
    return result.failure
  }

  it.each([
    [{ peft_type: "LOHA" }, "unsupported", /peft_type: is "LOHA"; only "LORA" is computed here; convert/u],
    [{ bias: "all" }, "unsupported", /bias: is "all"; only "none".*train without biases/u],
    [{ use_dora: true }, "unsupported", /use_dora: is true; DoRA is not computed here; train the adapter without/u],
    [{ lora_dropout: 0.1 }, "unsupported", /lora_dropout: is 0.1; .*Set it to 0/u],
    [{ init_lora_weights: "pissa" }, "unsupported", /init_lora_weights: is "pissa"; .*convert/u],
    [{ layer_replication: [[0, 2]] }, "unsupported", /layer_replication/u],
    [{ trainable_token_indices: [1] }, "unsupported", /trainable_token_indices/u],
    [{ r: 0 }, "malformed", /"r"/u],
    [{ target_modules: ".*(" }, "malformed", /target_modules: "\^\(\?:\.\*\(\)\$" is no regular expression/u],
    [{ target_modules: ["lm_head"] }, "unsupported", /"lm_head", which is the embedding table.*exclude/u],
    [{ modules_to_save: ["embed_tokens"] }, "unsupported", /modules_to_save: holds the embedding table/u],
    [{ modules_to_save: ["_proj"] }, "malformed", /leave it out of one/u],
    [{ r: 8 }, "mismatch", /lora_A\.weight: is f32\[4,16\] where .* needs f32\[8,16\]\. Load the base that/u],
    [{ target_modules: ["k_proj", "q_proj", "v_proj"] }, "mismatch", /k_proj\.lora_A\.weight: is missing.*save both/u],
    [{ target_modules: ["q_proj"] }, "mismatch", /v_proj\.lora_A\.weight: belongs to no module.*Load the base/u]
  ])("error: %j is refused with the repair", (change, kind, message) => {
    const error = refusal(change)
    expect(error.kind).toBe(kind)
    expect(error.message).toMatch(message)
  })

  it("error: an adapter for another base names the tensor, both shapes, and what to load", () => {
    const result = fromFiles(stored("names"), { ...baseConfig("qwen2-tied"), hidden_size: 24 })
    if (Result.isSuccess(result)) throw new Error("The adapter was accepted.")
    expect(result.failure.kind).toBe("mismatch")
    expect(result.failure.message).toContain("is f32[4,16] where this base with this configuration needs f32[4,24]")
  })

  it("error: integers in place of floats, bytes that are no safetensors, text that is no object", () => {
    const name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
    const error = refusal({}, (held) => {
      held[name] = Tensors.i32(new Int32Array(64), [4, 16])
    })
    expect(error.message).toMatch(/is i32\[4,16\] where .* needs f32/u)
    for (const files of [
      { ...stored("names"), tensors: new Uint8Array(3) },
      { ...stored("names"), config: "[]" },
      { ...stored("names"), config: "{" }
    ]) {
      const result = fromFiles({ ...files, from: "some/folder" }, baseConfig("qwen2-tied"))
      expect(Result.isFailure(result) && result.failure).toBeInstanceOf(AdapterRejected)
      expect(Result.isFailure(result) && result.failure.message).toMatch(/^some\/folder: /u)
    }
  })

  it("edge: unknown keys are kept, missing ones take PEFT's defaults", () => {
    const config = Result.getOrThrow(AdapterConfigs.fromJson({ peft_type: "LORA", from_the_future: { x: [1] } }))
    expect(config).toMatchObject({ r: 8, lora_alpha: 8, target_modules: ["q_proj", "v_proj"], use_rslora: false })
    expect(JSON.parse(AdapterConfigs.toText(config))).toMatchObject({ from_the_future: { x: [1] } })
  })
})

describe("a shared base", () => {
  it("golden: its fingerprint is hashlib's (fixtures/fingerprint.py), and another with one value changed", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const config = baseConfig("qwen2-tied")
        const memory = yield* (yield* Backend).memory
        yield* memory.write(residentParams(tensors("decoder/qwen2-tied/model.safetensors")))
        const present = Effect.map(SharedBases.make({ config, memory }), ({ fingerprint }) => fingerprint)
        expect(yield* present).toBe("77dce7c6e4c7e36a5ed7b34bcbb5fce76da664b949dd1a3169a42bf892d9f4cf")
        const norm = "param/model.norm.weight"
        const { data, shape } = (yield* memory.read([norm]))[norm]!
        yield* memory.write({ [norm]: Tensors.f32(Float32Array.from(data).with(3, 0.25), shape) })
        expect(yield* present).not.toBe("77dce7c6e4c7e36a5ed7b34bcbb5fce76da664b949dd1a3169a42bf892d9f4cf")
      }).pipe(Effect.scoped, Effect.provide(Reference.layer))
    ))
})
