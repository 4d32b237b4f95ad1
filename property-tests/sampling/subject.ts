import { Effect, type Layer, ManagedRuntime, Result, type Scope } from "effect"
import fc from "fast-check"
import { Onnx } from "../../src/backends/onnx/index.ts"
import * as Reference from "../../src/backends/reference/index.ts"
import {
  forward,
  initialise,
  logits,
  type ModelConfig,
  ModelConfigs,
  parameterSpecs,
  tokenLogProbs
} from "../../src/core/model/index.ts"
import { paramName, residentParams } from "../../src/core/optim/index.ts"
import { input, Programs, Steps } from "../../src/core/program/index.ts"
import { Sampling, type Settings } from "../../src/core/sampling/index.ts"
import { Backend, type Sampled, type SampleRequest, type SamplingOptions } from "../../src/core/service/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"

/** Every backend that the laws run on. */
export const backends: ReadonlyArray<readonly [name: string, layer: Layer.Layer<Backend, unknown>]> = [
  ["reference", Reference.layer],
  ["onnx", Onnx.cpu]
]

const family = (model_type: string, rest: object = {}): ModelConfig =>
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
      tie_word_embeddings: true,
      // Large weights, so that distributions are far from uniform and differ from token to token.
      initializer_range: 0.4,
      ...rest
    })
  )

/** A tiny model of each family. */
export const models: ReadonlyArray<ModelConfig> = [
  family("qwen2"),
  family("qwen3", { tie_word_embeddings: false }),
  family("llama", { num_key_value_heads: 4 })
]

export const qwen2 = models[0]!

/** A model with so many tokens that top-p must at times widen its window. */
export const wide = family("qwen2", { vocab_size: 80, initializer_range: 0.5 })

/** A memory that holds a model's fresh parameters. */
export const memoryOf = (config: ModelConfig, seed = 5) =>
  Effect.gen(function* () {
    const memory = yield* (yield* Backend).memory
    yield* memory.write(residentParams(initialise(config, seed)))
    return memory
  })

/** A sampler of a fresh model, with small batches, pads and runs so that every path is taken. */
export const samplerOf = (config: ModelConfig, settings: Partial<Settings> = {}) =>
  Effect.gen(function* () {
    const memory = settings.memory ?? (yield* memoryOf(config))
    return yield* Sampling.make({ config, contextLength: 40, batchSize: 4, unroll: 3, padTo: 4, ...settings, memory })
  })

/** Scores of prompt and completion by the training program: log-probs of the completion, and all logits [T, V]. */
export const scoresOf = (config: ModelConfig, request: SampleRequest, sampled: Sampled) =>
  Effect.gen(function* () {
    const memory = yield* memoryOf(config)
    const sequence = [...request.prompt, ...sampled.completion]
    const T = sequence.length
    const specs = Object.entries(parameterSpecs(config))
    const params = Object.fromEntries(specs.map(([name, s]) => [name, input(paramName(name), s.shape, s.dtype)]))
    const ids = input("ids", [1, T], "i32")
    const { hidden } = forward(config, params, ids)
    const step = {
      program: Programs.fromExprs({
        logProbs: tokenLogProbs(config, params, hidden, ids, { from: request.prompt.length }).logProbs,
        logits: logits(config, params, hidden)
      }),
      resident: specs.map(([name]) => paramName(name)),
      carry: [],
      guard: []
    }
    const executable = yield* (yield* Backend).compile(Steps.make(step), { memory })
    const outputs = yield* executable.run({ ids: Tensors.i32(sequence, [1, T]) })
    const V = config.vocab_size
    const rows = Array.from(sampled.completion, (_, j) => {
      const at = (request.prompt.length + j - 1) * V
      return Array.from(outputs["logits"]!.data.slice(at, at + V))
    })
    return { logProbs: Array.from(outputs["logProbs"]!.data), logits: rows }
  }).pipe(Effect.scoped)

/** Runs effects that need a backend, as promises. */
export const runner = <E>(layer: Layer.Layer<Backend, E>) => {
  const runtime = ManagedRuntime.make(layer)
  return {
    run: <A, F>(effect: Effect.Effect<A, F, Backend | Scope.Scope>): Promise<A> =>
      runtime.runPromise(Effect.scoped(effect)),
    dispose: (): Promise<void> => runtime.dispose()
  }
}

/** Requests of which some share a prompt, as the completions of one problem do. */
export const anyRequests = (): fc.Arbitrary<ReadonlyArray<SampleRequest>> =>
  fc
    .array(fc.tuple(anyRequest(), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 5 })
    .map((prompts) =>
      prompts.flatMap(([{ prompt, seed }, copies]) =>
        Array.from({ length: copies }, (_, i) => ({ prompt, seed: seed + i }))
      )
    )

export const anyRequest = (longest = 11): fc.Arbitrary<SampleRequest> =>
  fc.record({
    prompt: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: longest }),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 })
  })

/** Options of any form, with stop ids and lengths that end sequences at different times. */
export const anyOptions = (): fc.Arbitrary<SamplingOptions> =>
  fc.record({
    temperature: fc.constantFrom(1, 1, 0.6, 1.8, 0),
    topK: fc.constantFrom(0, 0, 1, 3),
    topP: fc.constantFrom(1, 1, 0.7),
    minP: fc.constantFrom(0, 0, 0.15),
    repetitionPenalty: fc.constantFrom(1, 1, 1.4, 0.8),
    stopIds: fc.constantFrom([], [2, 9, 11]),
    maxTokens: fc.integer({ min: 1, max: 12 })
  })
