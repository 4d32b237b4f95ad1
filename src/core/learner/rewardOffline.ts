import { Effect, type Scope } from "effect"
import { aurocOf } from "../evaluation/index.ts"
import type { Json, Metrics, Stage } from "../run/index.ts"
import type { Backend } from "../service/index.ts"
import { Rng } from "../tensor/index.ts"
import * as Critic from "./Critic.ts"
import type { CriticOptions, SavedCritic } from "./CriticOptions.ts"
import { type Params, prefixed, unprefixed } from "./Params.ts"
import type * as Replay from "./Replay.ts"
import type * as Scorer from "./Scorer.ts"
import type { Sequence } from "./Sequence.ts"
import type { OtherBase } from "./SharedBase.ts"

/** Traces that no update sees. */
export interface HeldOutTraces {
  readonly demonstrations: ReadonlyArray<Sequence>
  /** Other traces of the same prompts, by where they come from, e.g. `policy` and `perturbed`; each may be empty. */
  readonly negatives: Readonly<Record<string, ReadonlyArray<Sequence>>>
  /** Updates between two looks. */
  readonly every: number
}

export interface OfflineOptions {
  readonly name: string
  readonly seed: number
  readonly critic: CriticOptions
  /** Traces of policies; may be empty where demonstrations are perturbed. */
  readonly rollouts: ReadonlyArray<Replay.Negative>
  /** log π of completion tokens under a policy that stays, for segment critics. */
  readonly policyLogProbs?: Scorer.Score
  readonly steps: number
  readonly heldOut: HeldOutTraces
  /** Trace score of the held-out AUROC, the mean of the units by default. */
  readonly select?: (units: ReadonlyArray<number>) => number
  /** `best` keeps the parameters of the highest mean held-out AUROC over the kinds of negatives, `last` the last; without negatives to look at, the last. */
  readonly keep: "last" | "best"
  readonly checkpointEvery: number
}

export type OfflineError = Critic.UpdateError | OtherBase

export interface OfflineStage extends Stage<OfflineError, never> {
  /** The reward model's parameters. */
  readonly result: Effect.Effect<Params, OfflineError>
  /** The reward model for another run to load; with its optimiser where the last parameters are kept. */
  readonly savedCritic: Effect.Effect<SavedCritic, OfflineError>
}

const average = (xs: ReadonlyArray<number>): number => xs.reduce((s, x) => s + x, 0) / Math.max(1, xs.length)

/**
 * Learns a reward from traces at hand, with no sampling: the critic's updates of adversarial training on one fixed
 * batch of rollouts. Every so many updates it is measured on held-out traces, each kind of negative by itself.
 */
export const make = (options: OfflineOptions): Effect.Effect<OfflineStage, Critic.CriticError, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const { name, seed, rollouts, heldOut, select = average, steps } = options
    const { policyLogProbs } = options
    const critic = yield* Critic.make(options.critic, policyLogProbs === undefined ? {} : { logProbs: policyLogProbs })
    const kinds = Object.entries(heldOut.negatives).filter(([, traces]) => traces.length > 0)
    let best = Number.NEGATIVE_INFINITY
    const atStart = options.critic.load?.params ?? options.critic.model.initial
    let kept: Params = atStart
    let made = 0

    const keepsBest = (): boolean => options.keep === "best" && Number.isFinite(best)

    /** Trace scores of held-out traces; those without a unit have none. */
    const scores = (traces: ReadonlyArray<Sequence>) =>
      Effect.map(critic.rewards(traces), (rewards) =>
        rewards.flatMap(({ units }) => (units.length === 0 ? [] : [select(units)]))
      )

    const look = Effect.fnUntraced(function* () {
      const expert = yield* scores(heldOut.demonstrations)
      const aurocs: Record<string, number> = {}
      for (const [kind, traces] of kinds) {
        const other = yield* scores(traces)
        const correct = [...expert.map(() => true), ...other.map(() => false)]
        const auroc = aurocOf({ correct, scores: [...expert, ...other] })
        if (auroc !== undefined) aurocs[`held_out/auroc_${kind}`] = auroc
      }
      const values = Object.values(aurocs)
      if (values.length > 0 && average(values) > best) {
        best = average(values)
        if (options.keep === "best") kept = yield* critic.params
      }
      return aurocs
    })

    return {
      name,
      steps,
      checkpointEvery: options.checkpointEvery,
      start: Effect.gen(function* () {
        best = Number.NEGATIVE_INFINITY
        kept = atStart
        made = 0
        yield* critic.start
        yield* critic.observe(rollouts)
      }),
      step: Effect.fnUntraced(function* (index): Effect.fn.Return<Metrics, OfflineError> {
        const { learning_rate: lr = null, ...fit } = yield* critic.update(index, Rng.make(seed, name, "critic", index))
        made = index + 1
        const due = (index + 1) % heldOut.every === 0 || index + 1 === steps
        return { ...prefixed("reward/", { ...fit, lr }), ...(due ? yield* look() : {}) }
      }),
      save: Effect.map(critic.save, (memory) => ({
        tensors: { ...prefixed("critic/", memory), ...prefixed("kept/", kept) },
        state: { best: Number.isFinite(best) ? best : null, updates: made } satisfies Json
      })),
      restore: Effect.fnUntraced(function* ({ tensors, state }) {
        const saved = state as { readonly best: number | null; readonly updates: number }
        best = saved.best ?? Number.NEGATIVE_INFINITY
        made = saved.updates
        kept = unprefixed("kept/", tensors)
        yield* critic.restore(unprefixed("critic/", tensors))
        // Rollouts are input data, so they are no part of the checkpoint.
        yield* critic.observe(rollouts)
      }),
      result: Effect.suspend(() => (keepsBest() ? Effect.succeed(kept) : critic.params)),
      // The moments are those of the last update, and of no use to earlier parameters.
      savedCritic: Effect.suspend(() => (keepsBest() ? Effect.succeed({ params: kept }) : critic.saved(made)))
    }
  })
