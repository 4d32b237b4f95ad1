import { Effect, Layer, type Scope, Semaphore } from "effect"
import type { ModelConfig } from "../model/index.ts"
import { paramName } from "../optim/index.ts"
import {
  Backend,
  type BackendFailure,
  type BadFeed,
  BadSamplingOptions,
  type Compile,
  type Memory,
  type Sampled,
  type SampleError,
  type SampleRequest,
  Sampler,
  type SamplingOptions
} from "../service/index.ts"
import { batches } from "./Batch.ts"
import { rejected } from "./checkRequests.ts"
import * as Engine from "./Engine.ts"
import { formOf } from "./Form.ts"
import * as Generate from "./generate.ts"
import * as Rows from "./Row.ts"

/** What a sampler draws from, and how it trades memory and set-up for speed. */
export interface Settings {
  readonly config: ModelConfig
  /** Holds `<scope>param/<name>`; the caches live there too. Parameters written later are used from then on. */
  readonly memory: Memory
  /** Longest prompt with its completion, in tokens. */
  readonly contextLength: number
  /** Ids below it can be drawn: the tokenizer's size, where the model's table is padded beyond. The whole table by default. */
  readonly vocabulary?: number
  /** Most sequences that run together, 32 by default. */
  readonly batchSize?: number
  /** Tokens drawn by one run of a program, 4 by default: more are faster, but the last ones of a batch are in vain. */
  readonly unroll?: number
  /** Prompts are padded to multiples of this, 16 by default. */
  readonly padTo?: number
  /** Most compiled programs kept, 48 by default; the longest unused is released first. */
  readonly programs?: number
  /** The parameters never change again: compiles their present value into the programs, which is faster. */
  readonly frozen?: boolean
  /** Compiles the sampler's steps against this memory in the place of the backend, e.g. under an adapter that lies there. */
  readonly compile?: Compile
  /** Scope of the parameters' names, as of the training step; empty by default. */
  readonly scope?: string
}

const positive: ReadonlyArray<keyof Settings> = [
  "contextLength",
  "vocabulary",
  "batchSize",
  "unroll",
  "padTo",
  "programs"
]

const checkSettings = (settings: Settings): Effect.Effect<void, BadSamplingOptions> => {
  for (const option of positive) {
    const value = settings[option]
    if (value !== undefined && !(Number.isInteger(value) && Number(value) >= 1)) {
      return Effect.fail(new BadSamplingOptions({ option, reason: `${value} is no integer >= 1.` }))
    }
  }
  const { vocabulary, config, compile, frozen = false } = settings
  if (compile !== undefined && frozen) {
    const reason = "has no effect beside compile, which says itself what is compiled in. Leave one of them out."
    return Effect.fail(new BadSamplingOptions({ option: "frozen", reason }))
  }
  return vocabulary !== undefined && vocabulary > config.vocab_size
    ? Effect.fail(
        new BadSamplingOptions({
          option: "vocabulary",
          reason: `${vocabulary} is more than the ${config.vocab_size} ids that the model has.`
        })
      )
    : Effect.void
}

/**
 * A sampler that runs a model of this process on the backend.
 *
 * Prompts of similar length run together, padded on the left; keys and values stay in the backend's memory, and each
 * run draws `unroll` tokens. Batches shrink as their sequences end. Calls wait for one another.
 *
 * @see specs/08-sampling.md
 */
export const make = Effect.fn("Sampling.make")(function* (
  settings: Settings
): Effect.fn.Return<Sampler["Service"], BadSamplingOptions | BackendFailure | BadFeed, Backend | Scope.Scope> {
  yield* checkSettings(settings)
  const { config, memory, contextLength, batchSize = 32, unroll = 4, padTo = 16, programs = 48 } = settings
  const { frozen = false, scope = "", vocabulary = config.vocab_size } = settings
  const backend = yield* Backend
  const isParam = (name: string): boolean => name.startsWith(paramName("", scope))
  const compile: Compile =
    settings.compile ??
    ((step) => backend.compile(step, { memory, freeze: frozen ? step.resident.filter(isParam) : [] }))
  const engine = yield* Engine.make({ config, scope, memory, programs, compile })
  const lock = yield* Semaphore.make(1)

  const sample = Effect.fn("Sampling.sample")(function* (
    requests: ReadonlyArray<SampleRequest>,
    options: SamplingOptions
  ): Effect.fn.Return<ReadonlyArray<Sampled>, SampleError> {
    const form = yield* Effect.fromResult(formOf(options, vocabulary))
    const refusal = rejected(requests, contextLength, vocabulary)
    if (refusal !== undefined) return yield* refusal
    const rows = requests.map((request, index) => Rows.start(request, index, options, contextLength))
    const generate = Generate.make({ engine, form, options, batchSize, unroll, padTo })
    for (const batch of batches(
      requests.map(({ prompt }) => prompt.length),
      batchSize,
      padTo
    )) {
      yield* generate(
        batch,
        batch.members.map((i) => rows[i]!)
      )
    }
    return rows.map(Rows.result)
  })

  return { sample: (requests, options) => lock.withPermit(sample(requests, options)), follow: () => Effect.void }
})

/** The sampler as a Layer over a backend. */
export const layer = (
  settings: Settings
): Layer.Layer<Sampler, BadSamplingOptions | BackendFailure | BadFeed, Backend> => Layer.effect(Sampler, make(settings))
