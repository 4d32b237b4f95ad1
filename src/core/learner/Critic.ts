import { Effect, type Scope } from "effect"
import { aurocOf } from "../evaluation/index.ts"
import type { UnitRewards } from "../objective/index.ts"
import { Programs } from "../program/index.ts"
import type { Metrics } from "../run/index.ts"
import type { Backend, BackendFailure, BadFeed } from "../service/index.ts"
import { Rng } from "../tensor/index.ts"
import type { CriticOptions, RewardScale } from "./CriticOptions.ts"
import type { Params } from "./Params.ts"
import * as Replay from "./Replay.ts"
import * as Scorer from "./Scorer.ts"
import * as Sequence from "./Sequence.ts"
import * as Trainer from "./Trainer.ts"
import * as Units from "./Units.ts"
import { type UnchangedCritic, verified } from "./verifyUpdate.ts"

/** A critic under training, with the rollouts it has seen. */
export interface Critic {
  /** Brings parameters, moments and replay to where training starts. */
  readonly start: Effect.Effect<void, BackendFailure | BadFeed>
  /** Takes a batch of rollouts; it is the fresh one until the next. */
  readonly observe: (rollouts: ReadonlyArray<Replay.Negative>) => Effect.Effect<void>
  /** One update, the `count`-th from 0; its batch is drawn from `rng`. */
  readonly update: (count: number, rng: Rng.Rng) => Effect.Effect<Metrics, Trainer.TrainerError | UnchangedCritic>
  /** Logits of all completion tokens. */
  readonly logits: Scorer.Score
  /** Rewards of the units, as the policy gets them: logits over temperature, clamped. */
  readonly rewards: (
    sequences: ReadonlyArray<Sequence.Sequence>
  ) => Effect.Effect<ReadonlyArray<UnitRewards>, Scorer.ScoreError>
  readonly params: Effect.Effect<Params, BackendFailure | BadFeed>
  /** Parameters and moments. */
  readonly save: Effect.Effect<Params, BackendFailure | BadFeed>
  readonly restore: (tensors: Params) => Effect.Effect<void, BackendFailure | BadFeed>
  readonly saveReplay: Effect.Effect<Params>
  readonly restoreReplay: (tensors: Params) => Effect.Effect<void>
}

/** A trace and what the critic is told about it. */
interface Labelled {
  readonly sequence: Sequence.Sequence
  readonly source: Units.Source
}

const inert: Labelled = { sequence: { prompt: [0], completion: [] }, source: { _tag: "Rollout" } }

/** Draws until a perturbation changes something: one that leaves the ids as they were would call the expert wrong. */
const ATTEMPTS = 32

/** A demonstration and its perturbed versions. */
const perturbedGroup = (options: CriticOptions, rng: Rng.Rng): ReadonlyArray<Labelled> => {
  const { demonstrations, perturb, batch } = options
  const versions = batch.versions ?? 1
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const index = Rng.int(rng, demonstrations.length)
    const demonstration = demonstrations[index]!
    const changed = Array.from({ length: versions }, (): ReadonlyArray<Labelled> => {
      const completion = perturb?.(rng, index)
      const first = completion === undefined ? undefined : Units.firstChanged(demonstration.completion, completion)
      if (completion === undefined || first === undefined) return []
      return [
        {
          sequence: { prompt: demonstration.prompt, completion },
          source: { _tag: "Perturbed", firstChanged: first }
        }
      ]
    }).flat()
    if (changed.length === 0) continue
    const missing = Array.from({ length: versions - changed.length }, () => inert)
    return [{ sequence: demonstration, source: { _tag: "Demonstration" } }, ...changed, ...missing]
  }
  return Array.from({ length: 1 + versions }, () => inert)
}

/** The traces of one update; always the same number of rows, so that one program serves all. */
export const drawBatch = (options: CriticOptions, replay: Replay.Replay, rng: Rng.Rng): ReadonlyArray<Labelled> => {
  const { demonstrations, batch, perturb } = options
  const negatives = Replay.draw(rng, replay, batch.rollouts, batch.freshShare)
  const pairs = negatives.flatMap((rollout): ReadonlyArray<Labelled> => {
    const own = demonstrations[rollout.demonstration] ?? Rng.pick(rng, demonstrations)
    return [
      { sequence: own, source: { _tag: "Demonstration" } },
      { sequence: rollout, source: { _tag: rollout.switched === true ? "Switched" : "Rollout" } }
    ]
  })
  const groups =
    perturb === undefined ? [] : Array.from({ length: batch.perturbed }, () => perturbedGroup(options, rng))
  return [...pairs, ...groups.flat()]
}

/** What the negatives of an update are made of: shares of past rollouts, and of rollouts whose label is switched. */
const mixture = ({ batch }: CriticOptions, replay: Replay.Replay): Metrics => {
  const seen = [...replay.fresh, ...replay.past]
  return {
    replayed_share:
      batch.rollouts === 0 ? 0 : 1 - Replay.freshCount(replay, batch.rollouts, batch.freshShare) / batch.rollouts,
    switched_share: seen.filter(({ switched }) => switched === true).length / Math.max(1, seen.length)
  }
}

/** Feeds of the critic's loss: ids and both weights, [rows, width]. */
export const feedsOf = (
  traces: ReadonlyArray<Labelled>,
  partition: Units.Partitioner,
  weighting: Units.UnitWeighting | undefined,
  width: number
) => {
  const sequences = traces.map(({ sequence }) => sequence)
  const weights = traces.map(({ sequence, source }) => Units.weigh(partition(sequence.completion), source, weighting))
  const rows = traces.length
  return {
    ids: Sequence.ids(sequences, rows, width),
    expert: Sequence.overCompletions(sequences, (row) => weights[row]!.expert, rows, width),
    policy: Sequence.overCompletions(sequences, (row) => weights[row]!.policy, rows, width)
  }
}

const scaled = (logit: number, { temperature = 1, clamp: [low, high] = [-Infinity, Infinity] }: RewardScale): number =>
  Math.min(high, Math.max(low, logit / temperature))

/** A critic: compiled on demand, released with the scope. Call `start` or `restore` before anything else. */
export const make = (options: CriticOptions): Effect.Effect<Critic, BackendFailure, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const { model, objective, partition, weighting, scale = {}, replayCapacity = 4096 } = options
    const trainer = yield* Trainer.make({
      params: model.params,
      frozen: model.frozen,
      optimiser: options.optimiser,
      batch: ({ rows, width }) => ({
        ids: Programs.spec([rows, width], "i32"),
        expert: Programs.spec([rows, width]),
        policy: Programs.spec([rows, width])
      }),
      loss: (params, { ids, expert, policy }) => objective.loss({ logits: model.rewards(params, ids), expert, policy })
    })
    const logits = yield* Scorer.rewards(model, trainer.memory)
    const changing = verified(trainer, model, options.verifyUpdates ?? true)
    let replay = Replay.empty(replayCapacity)

    return {
      start: Effect.suspend(() => {
        replay = Replay.empty(replayCapacity)
        return trainer.load(model.initial)
      }),
      observe: (rollouts) =>
        Effect.sync(() => {
          replay = Replay.push(replay, rollouts)
        }),
      update: Effect.fnUntraced(function* (count, rng) {
        const traces = drawBatch(options, replay, rng)
        const width = Sequence.width(traces.map(({ sequence }) => sequence))
        const shape = { rows: traces.length, width }
        const metrics = yield* changing(
          count,
          trainer.update(count, shape, feedsOf(traces, partition, weighting, width))
        )
        return { ...metrics, ...mixture(options, replay) }
      }),
      logits,
      rewards: (sequences) =>
        Effect.map(logits(sequences), (rows) =>
          rows.map((row, i) => {
            const { units, unitOf } = Units.atUnits(partition(sequences[i]!.completion), row)
            return { units: units.map((logit) => scaled(logit, scale)), unitOf }
          })
        ),
      params: trainer.params,
      save: trainer.save,
      restore: trainer.restore,
      saveReplay: Effect.sync(() => Replay.toTensors(replay)),
      restoreReplay: (tensors) =>
        Effect.sync(() => {
          replay = Replay.fromTensors(replayCapacity, tensors)
        })
    }
  })

/** How a critic separates traces that it was not trained on. */
export interface Health {
  /** Share of expert units with a logit above 0, and of policy units with one below. */
  readonly acc_pos: number
  readonly acc_neg: number
  /** Chance that an expert unit outscores a policy unit. */
  readonly auroc: number
  /** Mean logit of expert units less that of policy units. */
  readonly margin: number
}

const mean = (xs: ReadonlyArray<number>): number => xs.reduce((s, x) => s + x, 0) / Math.max(1, xs.length)

/** Health from logits of units; `undefined` where a class has none. */
export const health = (expert: ReadonlyArray<number>, policy: ReadonlyArray<number>): Health | undefined => {
  const auroc = aurocOf({
    correct: [...expert.map(() => true), ...policy.map(() => false)],
    scores: [...expert, ...policy]
  })
  if (auroc === undefined) return undefined
  return {
    acc_pos: mean(expert.map((f) => (f > 0 ? 1 : 0))),
    acc_neg: mean(policy.map((f) => (f < 0 ? 1 : 0))),
    auroc,
    margin: mean(expert) - mean(policy)
  }
}
