import { Effect, Exit, Layer, type Scope, ScopedCache, Semaphore } from "effect"
import type { ModelConfig } from "../model/index.ts"
import {
  Backend,
  type BackendFailure,
  type BadFeed,
  BadSamplingOptions,
  type Executable,
  type Feeds,
  type Memory,
  type RunError,
  type Sampled,
  type SampleError,
  type SampleRequest,
  Sampler,
  type SamplingOptions,
  type UnsupportedOp
} from "../service/index.ts"
import { Shapes, Tensors } from "../tensor/index.ts"
import { type Batch, batches, batchRows, bucket } from "./Batch.ts"
import { rejected } from "./checkRequests.ts"
import { type Form, formOf } from "./Form.ts"
import { compactFeeds, decodeFeeds, prefillFeeds, type Slots } from "./feeds.ts"
import { cacheNames, cacheRow, compactStep, decodeStep, parameterNames, prefillStep, type Target } from "./programs.ts"
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
  /** Tokens drawn by one run of a program, 8 by default: more are faster, but the last ones of a batch are in vain. */
  readonly unroll?: number
  /** Prompts are padded to multiples of this, 16 by default. */
  readonly padTo?: number
  /** Most compiled programs kept, 64 by default; the longest unused is released first. */
  readonly programs?: number
  /** The parameters never change again: compiles their present value into the programs, which is faster. */
  readonly frozen?: boolean
  /** Scope of the parameters' names, as of the training step; empty by default. */
  readonly scope?: string
}

/** One compiled program: a structural key. */
type Plan =
  | { readonly _tag: "Prefill"; readonly form: Form; readonly B: number; readonly width: number }
  | { readonly _tag: "Decode"; readonly form: Form; readonly B: number; readonly rows: number }
  | { readonly _tag: "Compact"; readonly B: number; readonly smaller: number; readonly rows: number }

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
  const { vocabulary, config } = settings
  return vocabulary !== undefined && vocabulary > config.vocab_size
    ? Effect.fail(
        new BadSamplingOptions({
          option: "vocabulary",
          reason: `${vocabulary} is more than the ${config.vocab_size} ids that the model has.`
        })
      )
    : Effect.void
}

/** A cache name that no other sampler of this memory uses; freed with the scope. */
const claim = Effect.fn("Sampling.claim")(function* (memory: Memory) {
  const taken = yield* memory.names
  let n = 0
  while (taken.some((name) => name.startsWith(`sampling/${n}/`))) n++
  const prefix = `sampling/${n}`
  yield* memory.write({ [`${prefix}/claim`]: Tensors.i32([0], [1]) })
  yield* Effect.addFinalizer(() =>
    memory.names.pipe(
      Effect.flatMap((names) => memory.remove(names.filter((name) => name.startsWith(`${prefix}/`)))),
      Effect.ignore
    )
  )
  return prefix
})

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
  const { config, memory, contextLength, batchSize = 32, unroll = 8, padTo = 16, programs = 64 } = settings
  const { frozen = false, scope = "", vocabulary = config.vocab_size } = settings
  const backend = yield* Backend
  const target: Target = { config, scope, caches: yield* claim(memory) }
  const lock = yield* Semaphore.make(1)
  const allocated = new Map<number, number>()

  const stepOf = (plan: Plan) => {
    switch (plan._tag) {
      case "Prefill":
        return prefillStep(target, plan.form, plan.B, plan.width)
      case "Decode":
        return decodeStep(target, plan.form, plan.B, plan.rows, unroll)
      case "Compact":
        return compactStep(target, plan.B, plan.smaller, plan.rows)
    }
  }
  const executables = yield* ScopedCache.makeWith({
    lookup: (plan: Plan): Effect.Effect<Executable, UnsupportedOp | BackendFailure | BadFeed, Scope.Scope> =>
      Effect.suspend(() =>
        backend.compile(stepOf(plan), {
          memory,
          ...(frozen && plan._tag !== "Compact" ? { freeze: parameterNames(target) } : {})
        })
      ),
    capacity: programs,
    timeToLive: (exit) => (Exit.isSuccess(exit) ? "9999 days" : 0)
  })
  const run = (plan: Plan, feeds: Feeds, at = 0): Effect.Effect<Feeds, RunError | UnsupportedOp> =>
    Effect.flatMap(ScopedCache.get(executables, plan), (executable) => executable.run(feeds, { at }))

  /** Caches of B rows with room for so many positions. */
  const allocate = (B: number, rows: number): Effect.Effect<void, BackendFailure | BadFeed> => {
    if ((allocated.get(B) ?? 0) >= rows) return Effect.void
    const shape = [rows, ...cacheRow(target, B)]
    const zeros = () => Tensors.f32(new Float32Array(Shapes.size(shape)), shape)
    const tensors = cacheNames(target, B).flatMap(({ keys, values }) => [
      [keys, zeros()] as const,
      [values, zeros()] as const
    ])
    return Effect.map(memory.write(Object.fromEntries(tensors)), () => {
      allocated.set(B, rows)
    })
  }

  const take = (slots: Slots, outputs: Feeds, n: number, stopIds: ReadonlySet<number>): void => {
    const tokens = outputs["tokens"]!.data
    const logProbs = outputs["logProbs"]?.data
    const raw = outputs["rawLogProbs"]?.data ?? logProbs!
    for (const [b, row] of slots.rows.entries()) {
      for (let j = b * n; j < (b + 1) * n; j++) {
        Rows.extend(row, { token: tokens[j]!, logProb: logProbs?.[j] ?? 0, rawLogProb: raw[j]! }, stopIds)
      }
    }
  }

  /** The batch without the sequences that have ended, where a smaller program serves the others. */
  const compact = Effect.fnUntraced(function* (slots: Slots, filled: number, end: number) {
    const open = slots.rows.flatMap((row, b) => (row.finishReason === undefined ? [b] : []))
    const smaller = batchRows(Math.max(open.length, 1), batchSize)
    if (open.length === 0 || smaller >= slots.B) return slots
    const rows = bucket(filled, padTo)
    yield* allocate(smaller, end)
    yield* run({ _tag: "Compact", B: slots.B, smaller, rows }, compactFeeds(slots.B, smaller, rows, open))
    return { B: smaller, width: slots.width, rows: open.map((b) => slots.rows[b]!) }
  })

  const generate = Effect.fnUntraced(function* (
    form: Form,
    options: SamplingOptions,
    stopIds: ReadonlySet<number>,
    batch: Batch,
    rows: ReadonlyArray<Rows.Row>
  ) {
    const { width } = batch
    const longest = rows.reduce((most, row) => Math.max(most, row.limit), 0)
    const end = bucket(width + Math.ceil((longest - 1) / unroll) * unroll, padTo)
    let slots: Slots = { B: batchRows(rows.length, batchSize), width, rows }
    yield* allocate(slots.B, end)
    take(
      slots,
      yield* run({ _tag: "Prefill", form, B: slots.B, width }, prefillFeeds(form, options, slots)),
      1,
      stopIds
    )
    for (let drawn = 1; rows.some((row) => row.finishReason === undefined); drawn += unroll) {
      const filled = width + drawn - 1
      slots = yield* compact(slots, filled, end)
      const plan: Plan = { _tag: "Decode", form, B: slots.B, rows: bucket(filled, padTo) }
      const feeds = decodeFeeds(form, options, slots, { drawn, filled, rows: plan.rows, unroll })
      take(slots, yield* run(plan, feeds, filled), unroll, stopIds)
    }
  })

  const sample = Effect.fn("Sampling.sample")(function* (
    requests: ReadonlyArray<SampleRequest>,
    options: SamplingOptions
  ): Effect.fn.Return<ReadonlyArray<Sampled>, SampleError> {
    const form = yield* Effect.fromResult(formOf(options, vocabulary))
    const refusal = rejected(requests, contextLength, vocabulary)
    if (refusal !== undefined) return yield* refusal
    const rows = requests.map((request, index) => Rows.start(request, index, options, contextLength))
    const lengths = requests.map(({ prompt }) => prompt.length)
    const stopIds = new Set(options.stopIds)
    for (const batch of batches(lengths, batchSize, padTo)) {
      const members = batch.members.map((i) => rows[i]!)
      yield* generate(form, options, stopIds, batch, members)
    }
    return rows.map(Rows.result)
  })

  return { sample: (requests, options) => lock.withPermit(sample(requests, options)) }
})

/** The sampler as a Layer over a backend. */
export const layer = (
  settings: Settings
): Layer.Layer<Sampler, BadSamplingOptions | BackendFailure | BadFeed, Backend> => Layer.effect(Sampler, make(settings))
