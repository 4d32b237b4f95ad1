import { Effect, type Scope } from "effect"
import type { AdapterRejected } from "../adapter/index.ts"
import type { ModelConfig } from "../model/index.ts"
import { PolicyLoss } from "../objective/index.ts"
import type { GradientTransform, Tree } from "../optim/index.ts"
import { Programs } from "../program/index.ts"
import type { Json, Metrics, Stage } from "../run/index.ts"
import { Sampling } from "../sampling/index.ts"
import type { Backend, BadSamplingOptions, Compile, Memory, SampleError, SamplingOptions } from "../service/index.ts"
import { Rng, Tensors } from "../tensor/index.ts"
import { type Adaptation, trainedOf } from "./Adaptation.ts"
import { batchAt } from "./batchAt.ts"
import type { PromptItem } from "./Drawn.ts"
import { type BadFootprint, checkFootprint, type Footprint } from "./Footprint.ts"
import { type Judge, outcomeMetrics } from "./outcomes.ts"
import { type Params, prefixed, unprefixed } from "./Params.ts"
import * as Scorer from "./Scorer.ts"
import * as Sequence from "./Sequence.ts"
import type { OtherBase } from "./SharedBase.ts"
import * as Trainer from "./Trainer.ts"

/** Prompts that the model answers at each validation. What it is worth is logged, and chooses nothing. */
export interface SftGenerations {
  /** Held out of the training problems, not of the test's: training spec D6. */
  readonly items: ReadonlyArray<PromptItem>
  readonly sampling: SamplingOptions
  readonly judge: Judge
  /** Ids below it can be drawn; the whole table by default. */
  readonly vocabulary?: number
}

export interface SftOptions extends Footprint {
  readonly name: string
  readonly seed: number
  readonly config: ModelConfig
  /** Parameters to start from: the adapter's where there is one. */
  readonly params: Params
  /** What trains in the place of the weights; the weights themselves by default. */
  readonly adapter?: Adaptation
  /** Demonstrations to imitate; the completion ends with the end-of-sequence token. */
  readonly train: ReadonlyArray<Sequence.Sequence>
  /** Held-out demonstrations; the parameters of the lowest loss on them are kept. */
  readonly validation: ReadonlyArray<Sequence.Sequence>
  readonly steps: number
  readonly batchSize: number
  /** Sequences of a step whose activations are held at once; all by default. The step is the same. */
  readonly microBatch?: number
  readonly optimiser: GradientTransform
  /** A validation, and a checkpoint, every so many steps. */
  readonly validateEvery: number
  readonly generations?: SftGenerations
}

export type SftError = Trainer.TrainerError | Scorer.ScoreError | SampleError | OtherBase

export interface SftStage extends Stage<SftError, never> {
  /** The parameters of the best validation loss. */
  readonly result: Effect.Effect<Params>
  /** The parameters after the last step. */
  readonly last: Effect.Effect<Params, SftError>
}

/** Mean negative log-likelihood a completion token, over all sequences. */
const heldOutLoss = (score: Scorer.Score, sequences: ReadonlyArray<Sequence.Sequence>) =>
  Effect.map(score(sequences), (rows) => {
    const tokens = rows.reduce((n, row) => n + row.length, 0)
    return -rows.reduce((total, row) => row.reduce((s, x) => s + x, total), 0) / Math.max(1, tokens)
  })

/** Answers of the model in memory to held-out prompts: `eval/rewards/<name>/{mean,std}`, and how they look. */
const generating = (
  { config, seed, name }: SftOptions,
  { items, sampling, judge, vocabulary }: SftGenerations,
  { memory, compile }: { readonly memory: Memory; readonly compile: Compile }
) =>
  Effect.gen(function* () {
    const longest = items.reduce((n, { prompt }) => Math.max(n, prompt.length), 0)
    const sampler = yield* Sampling.make({
      config,
      memory,
      compile,
      contextLength: Math.min(config.max_position_embeddings, longest + sampling.maxTokens),
      ...(vocabulary === undefined ? {} : { vocabulary })
    })
    // The same streams at every validation, so that what differs is the model.
    const requests = items.map(({ prompt }, i) => ({ prompt, seed: Rng.seed(Rng.make(seed, name, "generations", i)) }))
    return Effect.map(sampler.sample(requests, sampling), (drawn): Metrics => {
      const judged = drawn.map(({ completion }, i) => judge(items[i]!, completion))
      const cut = drawn.filter(({ finishReason }) => finishReason === "length").length
      return {
        ...outcomeMetrics(judged, "eval/rewards/"),
        "eval/completions/mean_length": drawn.reduce((n, { completion }) => n + completion.length, 0) / drawn.length,
        "eval/completions/clipped_ratio": cut / drawn.length
      }
    })
  })

interface Best {
  readonly loss: number
  readonly step: number
}

/**
 * Supervised fine-tuning: minimises -Σ log π(completion) / Σ tokens over demonstrations, prompts masked, end of
 * sequence supervised, and keeps the parameters of the best validation loss.
 *
 * @see specs/32-policy-objective.md, specs/39-baselines.md
 */
export const make = (
  options: SftOptions
): Effect.Effect<
  SftStage,
  Trainer.MakeError | BadSamplingOptions | Trainer.BadMicroBatch | BadFootprint | AdapterRejected,
  Backend | Scope.Scope
> =>
  Effect.gen(function* () {
    const { config, seed, name, train, validation, microBatch, logitChunk } = options
    yield* Trainer.checkMicroBatch(microBatch)
    yield* checkFootprint(options)
    const { reading, compile: under, ...trained } = yield* trainedOf(config, options.adapter)
    const trainer = yield* Trainer.make({
      ...trained,
      recompute: options.recompute,
      optimiser: options.optimiser,
      batch: ({ rows, width }) => ({
        ids: Programs.spec([rows, width], "i32"),
        mask: Programs.spec([rows, width]),
        ...(microBatch === undefined ? {} : { tokens: Programs.spec([]) })
      }),
      loss: (tree, { ids, mask, tokens }) => {
        const read = (params: Tree) => ({ logProbs: Scorer.logProbsOf(config, params, ids, options) })
        return { loss: PolicyLoss.negativeLogLikelihood(reading(tree, read).logProbs, mask, tokens) }
      }
    })
    const place = { memory: trainer.memory, compile: under(trainer) }
    const generate =
      options.generations === undefined ? Effect.succeed({}) : yield* generating(options, options.generations, place)
    const score = yield* Scorer.logProbs(config, trainer.memory, {
      logitChunk,
      rows: options.scoringRows,
      compile: place.compile
    })
    const width = Sequence.width(train)
    let best: Best = { loss: Number.POSITIVE_INFINITY, step: -1 }
    let kept: Params = options.params

    const validate = Effect.fnUntraced(function* (step: number) {
      const loss = yield* heldOutLoss(score, validation)
      if (loss < best.loss) {
        best = { loss, step }
        kept = yield* trainer.params
      }
      return { "eval/loss": loss, ...(yield* generate) }
    })

    const feedsOf = (batch: ReadonlyArray<Sequence.Sequence>, rows: number) => ({
      ids: Sequence.ids(batch, rows, width),
      mask: Sequence.completionMask(batch, rows, width)
    })

    const update = (index: number, batch: ReadonlyArray<Sequence.Sequence>) => {
      if (microBatch === undefined) {
        return trainer.update(index, { rows: batch.length, width }, feedsOf(batch, batch.length))
      }
      const tokens = Tensors.scalar(batch.reduce((n, { completion }) => n + completion.length, 0))
      const parts = Array.from({ length: Math.ceil(batch.length / microBatch) }, (_, i) => ({
        feeds: { ...feedsOf(batch.slice(i * microBatch, (i + 1) * microBatch), microBatch), tokens }
      }))
      return trainer.accumulate(index, { rows: microBatch, width }, parts)
    }

    return {
      name,
      steps: options.steps,
      checkpointEvery: options.validateEvery,
      start: Effect.gen(function* () {
        best = { loss: Number.POSITIVE_INFINITY, step: -1 }
        kept = options.params
        yield* trainer.load(options.params)
      }),
      step: Effect.fnUntraced(function* (index) {
        const metrics = yield* update(index, batchAt(seed, name, train, options.batchSize, index))
        const due = (index + 1) % options.validateEvery === 0 || index + 1 === options.steps
        return due ? { ...metrics, ...(yield* validate(index)) } : metrics
      }),
      save: Effect.map(trainer.save, (memory) => ({
        tensors: { ...prefixed("memory/", memory), ...prefixed("best/", kept) },
        state: { ...best, loss: Number.isFinite(best.loss) ? best.loss : null } satisfies Json
      })),
      restore: Effect.fnUntraced(function* ({ tensors, state }) {
        const { loss, step } = state as { readonly loss: number | null; readonly step: number }
        best = { loss: loss ?? Number.POSITIVE_INFINITY, step }
        kept = unprefixed("best/", tensors)
        yield* trainer.restore(unprefixed("memory/", tensors))
      }),
      result: Effect.sync(() => kept),
      last: trainer.params
    }
  })
