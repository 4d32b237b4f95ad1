import { Effect, type Scope } from "effect"
import type { AdapterRejected } from "../adapter/index.ts"
import type { ModelConfig } from "../model/index.ts"
import type { PolicyObjective } from "../objective/index.ts"
import { type GradientTransform, residentParams, type Tree } from "../optim/index.ts"
import { Programs } from "../program/index.ts"
import type { Metrics } from "../run/index.ts"
import { Sampling } from "../sampling/index.ts"
import {
  Backend,
  type BackendFailure,
  type BadFeed,
  type BadSamplingOptions,
  type Feeds,
  type Sampled,
  type SampleError,
  type Sampler,
  type SamplingOptions
} from "../service/index.ts"
import { Rng, Tensors } from "../tensor/index.ts"
import { frozen, isIdle, type PolicyAdaptation, trainedOf } from "./Adaptation.ts"
import { type BadFootprint, checkFootprint, type Footprint } from "./Footprint.ts"
import { followed } from "./followed.ts"
import type { Params } from "./Params.ts"
import * as Scorer from "./Scorer.ts"
import * as Sequence from "./Sequence.ts"
import type { OtherBase } from "./SharedBase.ts"
import * as Trainer from "./Trainer.ts"

export interface PolicyOptions extends Footprint {
  readonly config: ModelConfig
  /** Where training starts: the SFT policy's parameters, which are the reference policy as well, or an adapter's. */
  readonly params: Params
  /** What trains in the place of the weights, and its reference; the weights themselves by default. */
  readonly adapter?: PolicyAdaptation
  readonly objective: PolicyObjective
  readonly optimiser: GradientTransform
  /** Which weights train; all by default, and none where there is an adapter. */
  readonly trains?: (name: string) => boolean
  readonly sampling: SamplingOptions
  /** Longest prompt, in tokens. */
  readonly longestPrompt: number
  /** Ids below it can be drawn; the whole table by default. */
  readonly vocabulary?: number
  /**
   * Completions of an update whose activations are held at once; all by default. Where the objective's aggregation adds
   * up (`grpo`, `dr_grpo`, `dapo`) the update is the same.
   */
  readonly microBatch?: number
  /** Most sequences that are sampled together, 128 by default: their keys and values lie in memory. */
  readonly samplingRows?: number
  /** Draws the completions in the place of a sampler on the trainer's own memory: an inference server. */
  readonly sampler?: Sampler["Service"]
  /**
   * Largest mean |log π of that sampler - log π of the trainer| on its first batch, in nats a token; 0.05 by default,
   * which leaves room for bfloat16.
   */
  readonly samplerTolerance?: number
}

/** Sequences that are sampled together: a small model decodes 128 rows in hardly more time than 32. */
const SAMPLING_ROWS = 128

/** One completion in a policy update: what was drawn, and what it is worth. */
export interface Weighted extends Sequence.Sequence {
  /** log π of the tokens under the policy that drew them, [T]. */
  readonly oldLogProbs: ArrayLike<number>
  /** The same as the sampler computed it, of the distribution that it drew from, [T]. */
  readonly samplerLogProbs: ArrayLike<number>
  /** [T] */
  readonly advantages: Float64Array
  /** Whether its tokens count in the loss; a completion cut at the limit may be left out. */
  readonly counts: boolean
}

/** A policy under training beside its frozen reference. */
export interface Policy {
  readonly start: Effect.Effect<void, BackendFailure | BadFeed>
  /** Completions of prompts under the present policy; the seed of each names its own random stream. */
  readonly sample: (
    prompts: ReadonlyArray<ReadonlyArray<number>>,
    rng: Rng.Rng
  ) => Effect.Effect<ReadonlyArray<Sampled>, SampleError | Scorer.ScoreError>
  readonly logProbs: Scorer.Score
  readonly objective: PolicyObjective
  /** Log-probabilities under the reference policy. */
  readonly referenceLogProbs: Scorer.Score
  /** One update, the `count`-th from 0. */
  readonly update: (
    count: number,
    batch: ReadonlyArray<Weighted>,
    referenceLogProbs: ReadonlyArray<ArrayLike<number>>
  ) => Effect.Effect<Metrics, Trainer.TrainerError>
  /** Adds to the tokens that training has processed, which a checkpoint keeps, and returns how many they are now. */
  readonly process: (tokens: number) => Effect.Effect<number>
  readonly params: Effect.Effect<Params, BackendFailure | BadFeed>
  readonly save: Effect.Effect<Params, BackendFailure | BadFeed>
  readonly restore: (tensors: Params) => Effect.Effect<void, BackendFailure | BadFeed | OtherBase>
}

interface Row extends Weighted {
  readonly referenceLogProbs: ArrayLike<number>
}

/** What a micro-batch knows of the whole. */
const wholeSpecs = { completions: Programs.spec([]), tokens: Programs.spec([]), rows: Programs.spec([]) }

/** What the objective sees of some completions: [rows, width] each; rows beyond them are padding. */
const feedsOf = (batch: ReadonlyArray<Row>, rows: number, width: number): Feeds => {
  const over = (values: (row: Row) => ArrayLike<number>) =>
    Sequence.overCompletions(batch, (i) => values(batch[i]!), rows, width)
  return {
    ids: Sequence.ids(batch, rows, width),
    oldLogProbs: over((row) => row.oldLogProbs),
    samplerLogProbs: over((row) => row.samplerLogProbs),
    referenceLogProbs: over((row) => row.referenceLogProbs),
    advantages: over((row) => row.advantages),
    mask: over(({ completion, counts }) => new Float32Array(completion.length).fill(counts ? 1 : 0))
  }
}

/** Completion tokens that count in the loss. */
const countedTokens = (batch: ReadonlyArray<Row>): number =>
  batch.reduce((n, { completion, counts }) => n + (counts ? completion.length : 0), 0)

/** A batch in micro-batches of so many rows, each with its share in the metrics. */
const partsOf = (
  { perCompletion = [] }: PolicyObjective,
  batch: ReadonlyArray<Row>,
  size: number,
  width: number
): ReadonlyArray<Trainer.MicroBatch> => {
  const tokens = countedTokens(batch)
  return Array.from({ length: Math.ceil(batch.length / size) }, (_, i) => {
    const rows = batch.slice(i * size, (i + 1) * size)
    return {
      feeds: {
        ...feedsOf(rows, size, width),
        completions: Tensors.scalar(batch.length),
        tokens: Tensors.scalar(tokens),
        rows: Tensors.scalar(rows.length)
      },
      share: (metric) =>
        perCompletion.includes(metric) ? rows.length / batch.length : countedTokens(rows) / Math.max(1, tokens)
    }
  })
}

/** Beside parameters and moments in a checkpoint: tokens processed so far, [1]. */
const PROCESSED = "processed"

/** Everything that making a policy can fail with. */
export type PolicyError =
  | Trainer.MakeError
  | BadSamplingOptions
  | Trainer.BadMicroBatch
  | BadFootprint
  | AdapterRejected

/** Log-probabilities of the reference: of a shared base, or of a copy of the parameters that nothing writes to again. */
const referenceOf = Effect.fnUntraced(function* ({ config, params, adapter, logitChunk, scoringRows }: PolicyOptions) {
  const options = { logitChunk, rows: scoringRows }
  if (adapter !== undefined) {
    const { base, scope, reference = "start" } = adapter
    const atStart = { ...adapter, scope: scope.replace("/", "-reference/"), values: params }
    const isBase = reference === "base" || isIdle(adapter.adapter, params)
    const compile = isBase ? base.compile : yield* frozen(atStart)
    return yield* Scorer.logProbs(config, base.memory, { ...options, compile })
  }
  const memory = yield* (yield* Backend).memory
  yield* memory.write(residentParams(params))
  return yield* Scorer.logProbs(config, memory, { ...options, frozen: true })
})

/**
 * A policy: trainer, sampler and scorer on one memory, and the reference beside them or on a memory of its own. Call
 * `start` or `restore` before anything else.
 */
export const make = (options: PolicyOptions): Effect.Effect<Policy, PolicyError, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const { config, params, objective, sampling, longestPrompt, vocabulary, microBatch, logitChunk } = options
    yield* Trainer.checkMicroBatch(microBatch)
    yield* checkFootprint(options)
    const { reading, compile: under, ...trained } = yield* trainedOf(config, options.adapter, options.trains)
    const trainer = yield* Trainer.make({
      ...trained,
      recompute: options.recompute,
      optimiser: options.optimiser,
      // A batch of rollouts is large: compiling for another width takes less than its memory is worth.
      programs: 1,
      batch: ({ rows, width }) => ({
        ids: Programs.spec([rows, width], "i32"),
        oldLogProbs: Programs.spec([rows, width]),
        samplerLogProbs: Programs.spec([rows, width]),
        referenceLogProbs: Programs.spec([rows, width]),
        advantages: Programs.spec([rows, width]),
        mask: Programs.spec([rows, width]),
        ...(microBatch === undefined ? {} : wholeSpecs)
      }),
      loss: (tree, { ids, ...batch }) => {
        const read = (params: Tree) => ({ logProbs: Scorer.logProbsOf(config, params, ids, options) })
        return objective.loss({ ...reading(tree, read), ...batch })
      }
    })
    const compile = under(trainer)
    const logProbs = yield* Scorer.logProbs(config, trainer.memory, { logitChunk, rows: options.scoringRows, compile })
    const { sample, changed } =
      options.sampler === undefined
        ? {
            ...(yield* Sampling.make({
              config,
              memory: trainer.memory,
              compile,
              contextLength: Math.min(config.max_position_embeddings, longestPrompt + sampling.maxTokens),
              batchSize: options.samplingRows ?? SAMPLING_ROWS,
              ...(vocabulary === undefined ? {} : { vocabulary })
            })),
            changed: Effect.void
          }
        : followed(options.sampler, { params: trainer.params, logProbs, tolerance: options.samplerTolerance })

    let processed = 0

    return {
      objective,
      start: Effect.suspend(() => {
        processed = 0
        return Effect.andThen(trainer.load(params), changed)
      }),
      sample: (prompts, rng) =>
        sample(
          prompts.map((prompt) => ({ prompt, seed: Rng.seed(rng) })),
          sampling
        ),
      logProbs,
      referenceLogProbs: yield* referenceOf(options),
      update: (count, batch, referenceLogProbs) => {
        const width = Sequence.width(batch)
        const rows = batch.map((one, i): Row => ({ ...one, referenceLogProbs: referenceLogProbs[i]! }))
        const update =
          microBatch === undefined
            ? trainer.update(count, { rows: rows.length, width }, feedsOf(rows, rows.length, width))
            : trainer.accumulate(count, { rows: microBatch, width }, partsOf(objective, rows, microBatch, width))
        return Effect.tap(update, changed)
      },
      process: (tokens) =>
        Effect.sync(() => {
          processed += tokens
          return processed
        }),
      params: trainer.params,
      // Wide, since single precision counts to 16 million only.
      save: Effect.map(trainer.save, (state) => ({ ...state, [PROCESSED]: Tensors.f64([processed], [1]) })),
      restore: ({ [PROCESSED]: tokens, ...state }) =>
        Effect.suspend(() => {
          processed = tokens?.data[0] ?? 0
          return Effect.andThen(trainer.restore(state), changed)
        })
    }
  })
