import { readFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { it } from "@effect/vitest"
import { Effect, FileSystem, Result } from "effect"
import { describe, expect } from "vitest"
import {
  agree,
  choose,
  GenerationConfigs,
  loadAll,
  needs,
  open,
  ShardIndexes,
  save
} from "../src/core/checkpoint/index.ts"
import { ModelConfigs, Safetensors } from "../src/core/model/index.ts"
import type { Tensor } from "../src/core/tensor/index.ts"

const folder = new URL("fixtures/checkpoints", import.meta.url).pathname
const llama = `${folder}/llama3-shards-bf16`
const qwen = `${folder}/qwen2-tied-f16`

const expected = (of: string): Readonly<Record<string, Tensor>> =>
  Result.getOrThrow(Safetensors.decode(readFileSync(`${of}/expected.safetensors`))).tensors

const sorted = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(tensors).sort(([a], [b]) => (a < b ? -1 : 1)))

it.layer(NodeServices.layer)("a model folder", (it) => {
  it.effect.each([llama, qwen])("golden: weights that transformers wrote are read exactly: %s", (of) =>
    Effect.gen(function* () {
      const model = yield* open(of)
      expect(sorted(yield* loadAll(model))).toEqual(sorted(expected(of)))
    })
  )

  it.effect("golden: several end ids, new spelling of rope and dtype, and the settings of sampling", () =>
    Effect.gen(function* () {
      const model = yield* open(llama)
      expect(model.config).toMatchObject({
        model_type: "llama",
        rope_theta: 500000,
        rope_scaling: { rope_type: "llama3", factor: 8, original_max_position_embeddings: 32 },
        eos_token_id: [1, 2]
      })
      expect(model.generation).toMatchObject({ temperature: 0.6, topP: 0.9, eosIds: [1, 2, 3] })
      expect((yield* open(qwen)).generation).toMatchObject({ topK: 20, repetitionPenalty: 1.1, padId: 1 })
    })
  )

  it.effect("golden: what loading takes is known from the headers", () =>
    Effect.gen(function* () {
      const model = yield* open(llama)
      // 1384 parameters of 2 bytes; the largest tensors are [24, 8].
      const found = needs(model, yield* choose(model, "language"))
      expect(found).toEqual({ tensors: 21, storedBytes: 2768, heldBytes: 5536, transientBytes: 192 * 6 })
    })
  )

  it.effect("golden: saved in shards, the peer's bytes come back", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const to = `${yield* fs.makeTempDirectoryScoped()}/copy`
      const model = yield* open(llama)
      const all = yield* loadAll(model)
      const { files } = yield* save(
        to,
        { config: model.config, head: "language", parameter: (name) => Effect.succeed(all[name]!) },
        { format: "BF16", shardBytes: 1000 }
      )
      expect(files.filter((name) => name.endsWith(".safetensors"))).toHaveLength(3)
      const copy = yield* open(to)
      expect(copy.config).toEqual(model.config)
      expect(sorted(yield* loadAll(copy))).toEqual(sorted(expected(llama)))
      expect(Object.values(copy.stored).every(({ dtype }) => dtype === "BF16")).toBe(true)
      const read = (at: string) =>
        Effect.map(fs.readFileString(`${at}/model.safetensors.index.json`), (text) => JSON.parse(text))
      const [ours, theirs] = [yield* read(to), yield* read(llama)]
      expect(ours.metadata.total_size).toBe(theirs.metadata.total_size)
      expect(Object.keys(ours.weight_map)).toEqual(Object.keys(theirs.weight_map))
    })
  )
})

describe("agree", () => {
  const config = Result.getOrThrow(ModelConfigs.fromJson(JSON.parse(readFileSync(`${qwen}/config.json`, "utf8"))))
  const generation = Result.getOrThrow(GenerationConfigs.fromJson({ eos_token_id: [2, 1] }, "generation_config.json"))
  const tokenizer = (vocabSize: number) => ({
    vocabSize,
    eosId: 3,
    tokenText: (id: number) => (id < vocabSize && id !== 5 ? `t${id}` : undefined)
  })

  it("golden: rows beyond the tokenizer are never drawn, and each end id ends", () => {
    expect(Result.getOrThrow(agree("m", config, generation, tokenizer(20)))).toEqual({
      size: 20,
      padding: 4,
      stopIds: [2, 1, 3],
      unspelt: [5]
    })
  })

  it("error: a tokenizer with more ids than the embedding has rows; an end id that is no token", () => {
    const refusal = (size: number) => Result.getOrThrow(Result.flip(agree("m", config, generation, tokenizer(size))))
    expect(refusal(25).message).toMatch(/m\/tokenizer\.json: it gives ids up to 24, but .* 24 rows/)
    expect(refusal(2).message).toMatch(/m\/generation_config\.json: eos_token_id 2 is no token/)
    expect(refusal(25).kind).toBe("mismatch")
  })
})

describe("ShardIndexes", () => {
  it("golden: names are those of the ecosystem", () => {
    expect(ShardIndexes.shardName(0, 12)).toBe("model-00001-of-00012.safetensors")
  })
})
