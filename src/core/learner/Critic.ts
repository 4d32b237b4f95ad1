import { Effect, type Scope } from "effect"
import type { UnitRewards } from "../objective/index.ts"
import { chain, countGradients } from "../optim/index.ts"
import type { Metrics } from "../run/index.ts"
import type { Backend, BackendFailure, BadFeed } from "../service/index.ts"
import { type Rng, Tensors } from "../tensor/index.ts"
import type { BadCritic, CriticBatch, CriticOptions, SavedCritic } from "./CriticOptions.ts"
import { checked } from "./checkCritic.ts"
import { type CriticRow, drawBatch, type Labelled, negativeRows, rowCount } from "./criticBatch.ts"
import { health } from "./criticHealth.ts"
import { drawPoints, pointFeeds, sequencesOf } from "./criticPoints.ts"
import { criticProgram } from "./criticProgram.ts"
import { type CriticFeeds, inOne } from "./criticTrainer.ts"
import { pairWeights, unitWeights, type WeightOptions } from "./criticWeights.ts"
import { type BadFootprint, checkFootprint } from "./Footprint.ts"
import { type Judgement, ofLogits } from "./Judgement.ts"
import { inParts } from "./microBatches.ts"
import { type Params, split, unprefixed } from "./Params.ts"
import * as Replay from "./Replay.ts"
import * as Scorer from "./Scorer.ts"
import * as Sequence from "./Sequence.ts"
import type { OtherBase } from "./SharedBase.ts"
import { ofSegments } from "./segmentJudgement.ts"
import type * as Trainer from "./Trainer.ts"
import type * as Units from "./Units.ts"
import { type CriticWithoutGradient, type UnchangedCritic, verified } from "./verifyUpdate.ts"

export { type CriticRow, drawBatch } from "./criticBatch.ts"
export { type Health, health } from "./criticHealth.ts"
export { drawPoints, pointFeeds, pointSpecs, slopesOf } from "./criticPoints.ts"
export { pairWeights, unitWeights } from "./criticWeights.ts"

export type UpdateError = Trainer.TrainerError | Scorer.ScoreError | UnchangedCritic | CriticWithoutGradient

/** Everything that making a critic can fail with. */
export type CriticError = Trainer.MakeError | BadCritic | BadFootprint

/** What a critic says of one completion. */
export interface Judged {
  /** The discriminator's logits of the units, high for the expert. */
  readonly logits: ReadonlyArray<number>
  /** The rewards made of them, as the policy gets them. */
  readonly reward: UnitRewards
}

/** A critic under training, with the rollouts it has seen. */
export interface Critic {
  /** Brings parameters, moments and replay to where training starts. */
  readonly start: Effect.Effect<void, BackendFailure | BadFeed>
  /** Takes a batch of rollouts; it is the fresh one until the next. */
  readonly observe: (rollouts: ReadonlyArray<Replay.Negative>) => Effect.Effect<void>
  /** One update, the `count`-th from 0 of those made here, on `batch` or what is asked for; it is drawn from `rng`. */
  readonly update: (count: number, rng: Rng.Rng, batch?: CriticBatch) => Effect.Effect<Metrics, UpdateError>
  /** What the model says of all completion tokens: logits, or g of a segment critic. */
  readonly logits: Scorer.Score
  /** Logits and rewards of the units, of one reading. */
  readonly judged: (
    sequences: ReadonlyArray<Sequence.Sequence>
  ) => Effect.Effect<ReadonlyArray<Judged>, Scorer.ScoreError>
  /** Rewards of the units, as the policy gets them. */
  readonly rewards: (
    sequences: ReadonlyArray<Sequence.Sequence>
  ) => Effect.Effect<ReadonlyArray<UnitRewards>, Scorer.ScoreError>
  readonly params: Effect.Effect<Params, BackendFailure | BadFeed>
  /** Parameters and moments. */
  readonly save: Effect.Effect<Params, BackendFailure | BadFeed>
  readonly restore: (tensors: Params) => Effect.Effect<void, BackendFailure | BadFeed | OtherBase>
  /** What another critic can `load`, after so many updates made here. */
  readonly saved: (updates: number) => Effect.Effect<SavedCritic, BackendFailure | BadFeed>
  readonly saveReplay: Effect.Effect<Params>
  readonly restoreReplay: (tensors: Params) => Effect.Effect<void>
}

const OPTIMISER = "optimiser/"

/** What the negatives of an update are made of: shares of past rollouts, and of rollouts whose label is switched. */
const mixture = ({ batch }: CriticOptions, replay: Replay.Replay): Metrics => {
  const seen = [...replay.fresh, ...replay.past]
  return {
    replayed_share:
      batch.rollouts === 0 ? 0 : 1 - Replay.freshCount(replay, batch.rollouts, batch.freshShare) / batch.rollouts,
    switched_share: seen.filter(({ switched }) => switched === true).length / Math.max(1, seen.length)
  }
}

/** Feeds of every critic's loss: ids and both weights, [rows, width]. */
export const feedsOf = (traces: ReadonlyArray<Labelled>, options: WeightOptions, width: number) => {
  const sequences = traces.map(({ sequence }) => sequence)
  const weights = unitWeights(traces, options)
  const rows = traces.length
  return {
    ids: Sequence.ids(sequences, rows, width),
    expert: Sequence.overCompletions(sequences, (row) => weights[row]!.expert, rows, width),
    policy: Sequence.overCompletions(sequences, (row) => weights[row]!.policy, rows, width)
  }
}

/** All feeds of an update on these traces; what is random of it is drawn from `rng`. */
const updateFeeds = Effect.fnUntraced(function* (
  options: CriticOptions,
  judgement: Judgement,
  traces: ReadonlyArray<CriticRow>,
  rng: Rng.Rng
) {
  const { pairs, slopes = false } = options.objective.needs ?? {}
  const rows = traces.length
  const sequences = traces.map(({ sequence }) => sequence)
  const weights: ReadonlyArray<Units.TokenWeights> = unitWeights(traces, options)
  const points = slopes ? drawPoints(traces, weights, rng) : []
  const M = slopes ? negativeRows(options, rows) : 0
  const width = Sequence.width([...sequences, ...sequencesOf(points)])
  const shape = { rows, width, points: M }
  const { ids, ...units } = feedsOf(traces, options, width)
  return {
    shape,
    traces: { ids, ...(slopes ? pointFeeds(points, M, width) : {}) },
    units: {
      ...units,
      ...(pairs === undefined ? {} : { pairs: Tensors.f32(pairWeights(traces, rng, pairs), [rows, rows]) }),
      ...(yield* judgement.feeds(sequences, shape))
    }
  } satisfies CriticFeeds
})

/** What a critic is told of the training that it is part of. */
export interface Surroundings {
  /** log π of completion tokens under the present policy, which a segment critic's logit holds. */
  readonly logProbs?: Scorer.Score
  /** Batches that updates are asked for beside `batch`; none by default. */
  readonly batches?: ReadonlyArray<CriticBatch>
}

/** A critic: compiled on demand, released with the scope. Call `start` or `restore` before anything else. */
export const make = (
  options: CriticOptions,
  { logProbs, batches = [] }: Surroundings = {}
): Effect.Effect<Critic, CriticError, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const rows = [options.batch, ...batches].map((batch) => rowCount({ ...options, batch }))
    yield* checked(options, { hasPolicy: logProbs !== undefined, fewestRows: Math.min(...rows) })
    yield* checkFootprint(options)
    const { model, partition, load, replayCapacity = 4096, over, recompute } = options
    const judgement = options.segment === undefined ? ofLogits(options) : ofSegments(options, logProbs)
    const optimiser = chain(countGradients, judgement.optimiser)
    const training = {
      params: model.params,
      frozen: model.frozen,
      optimiser,
      ...(over === undefined ? {} : { over }),
      recompute
    }
    const program = criticProgram(options, judgement)
    const { microBatch = Number.POSITIVE_INFINITY } = options
    const trainer = yield* microBatch < Math.max(...rows)
      ? inParts(training, program, microBatch)
      : inOne(training, program)
    const all = { ...model.params, ...model.frozen }
    const read = yield* Scorer.readings({ ...trainer, params: all, read: judgement.read, rows: options.scoringRows })
    const changing = verified(trainer, model, options.verifyUpdates ?? true)
    const earlier = load?.optimiser?.updates ?? 0
    let replay = Replay.empty(replayCapacity)

    const judged: Critic["judged"] = Effect.fnUntraced(function* (sequences) {
      const offsets = yield* judgement.offsets(sequences)
      return (yield* read(sequences)).map((row, i) => {
        const own = partition(sequences[i]!.completion)
        const logits = judgement.values(row, own).map((f, k) => f - offsets[i]![k]!)
        return { logits, reward: judgement.rewards(row, own) }
      })
    })

    /** How the units of an update's own batch are ranked before it; logged of segment critics, as in the reference. */
    const ranking = (traces: ReadonlyArray<CriticRow>) =>
      Effect.map(judged(traces.map(({ sequence }) => sequence)), (rows): Metrics => {
        const weights = unitWeights(traces, options)
        const of = (label: keyof Units.TokenWeights) =>
          rows.flatMap(({ logits }, i) => {
            const { ends } = partition(traces[i]!.sequence.completion)
            return logits.filter((_, k) => weights[i]![label][ends[k]!]! > 0)
          })
        return { auroc: health(of("expert"), of("policy"))?.auroc ?? null }
      })

    return {
      start: Effect.gen(function* () {
        replay = Replay.empty(replayCapacity)
        yield* trainer.load(load?.params ?? model.initial, load?.optimiser?.moments)
      }),
      observe: (rollouts) =>
        Effect.sync(() => {
          replay = Replay.push(replay, rollouts)
        }),
      update: Effect.fnUntraced(function* (count, rng, batch = options.batch) {
        const asked = { ...options, batch }
        const traces = drawBatch(asked, replay, rng)
        const ranked = options.segment === undefined ? {} : yield* ranking(traces)
        const feeds = yield* updateFeeds(asked, judgement, traces, rng)
        const metrics = yield* changing(earlier + count, trainer.update(earlier + count, feeds))
        return {
          ...metrics,
          ...ranked,
          ...judgement.rates(metrics["learning_rate"] ?? 0),
          ...mixture(asked, replay),
          trainable_tensors: Object.keys(model.params).length
        }
      }),
      logits: (sequences) => Effect.map(read(sequences), (rows) => rows.map(({ reward }) => reward!)),
      judged,
      rewards: (sequences) =>
        Effect.map(read(sequences), (rows) =>
          rows.map((row, i) => judgement.rewards(row, partition(sequences[i]!.completion)))
        ),
      params: trainer.params,
      save: trainer.save,
      restore: trainer.restore,
      saved: (updates) =>
        Effect.zipWith(trainer.params, trainer.save, (params, state) => ({
          params,
          optimiser: {
            moments: unprefixed(OPTIMISER, split(state, (name) => name.startsWith(OPTIMISER))[0]),
            updates: earlier + updates
          }
        })),
      saveReplay: Effect.sync(() => Replay.toTensors(replay)),
      restoreReplay: (tensors) =>
        Effect.sync(() => {
          replay = Replay.fromTensors(replayCapacity, tensors)
        })
    }
  })
