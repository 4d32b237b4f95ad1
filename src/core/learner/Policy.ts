import { Effect, type Scope } from "effect"
import { type ModelConfig, parameterSpecs } from "../model/index.ts"
import type { PolicyObjective } from "../objective/index.ts"
import { type GradientTransform, residentParams } from "../optim/index.ts"
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
import { followed } from "./followed.ts"
import { type Params, split } from "./Params.ts"
import * as Scorer from "./Scorer.ts"
import * as Sequence from "./Sequence.ts"
import * as Trainer from "./Trainer.ts"

export interface PolicyOptions {
  readonly config: ModelConfig
  /** The reference policy, and where training starts: the SFT policy's parameters. */
  readonly params: Params
  readonly objective: PolicyObjective
  readonly optimiser: GradientTransform
  /** Which parameters train; all by default. */
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
  readonly restore: (tensors: Params) => Effect.Effect<void, BackendFailure | BadFeed>
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
export type PolicyError = BackendFailure | BadFeed | BadSamplingOptions | Trainer.BadMicroBatch

/**
 * A policy: trainer, sampler and scorer on one memory, and the reference on a memory of its own that nothing writes
 * to again. Call `start` or `restore` before anything else.
 */
export const make = (options: PolicyOptions): Effect.Effect<Policy, PolicyError, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const { config, params, objective, sampling, longestPrompt, vocabulary, trains = () => true, microBatch } = options
    yield* Trainer.checkMicroBatch(microBatch)
    const backend = yield* Backend
    const [trained, frozen] = split(parameterSpecs(config), trains)
    const trainer = yield* Trainer.make({
      params: trained,
      frozen,
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
      loss: (tree, { ids, ...batch }) => objective.loss({ logProbs: Scorer.logProbsOf(config, tree, ids), ...batch })
    })
    const reference = yield* backend.memory
    yield* reference.write(residentParams(params))
    const logProbs = yield* Scorer.logProbs(config, trainer.memory)
    const { sample, changed } =
      options.sampler === undefined
        ? {
            ...(yield* Sampling.make({
              config,
              memory: trainer.memory,
              contextLength: Math.min(config.max_position_embeddings, longestPrompt + sampling.maxTokens),
              batchSize: SAMPLING_ROWS,
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
      referenceLogProbs: yield* Scorer.logProbs(config, reference, { frozen: true }),
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
