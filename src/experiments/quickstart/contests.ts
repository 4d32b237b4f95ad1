import { Effect } from "effect"
import { aurocPooled, aurocWithinPrompt, Resamplings, Selectors } from "../../core/evaluation/index.ts"
import { type Params, Scorer, type Sequence } from "../../core/learner/index.ts"
import { residentParams } from "../../core/optim/index.ts"
import { Backend } from "../../core/service/index.ts"
import type { Prepared } from "./stages.ts"

/** Log-probabilities of completions under the policy. */
export const policyLogProbs = (prepared: Prepared, params: Params, sequences: ReadonlyArray<Sequence.Sequence>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const backend = yield* Backend
      const memory = yield* backend.memory
      yield* memory.write(residentParams(params))
      const score = yield* Scorer.logProbs(prepared.config, memory, { frozen: true })
      return yield* score(sequences)
    })
  )

/** The mean of a trace's values. */
export const mean = (xs: ArrayLike<number>): number => Selectors.mean.select(Array.from(xs))

/** A held-out expert trace with other traces of the same problem. */
export interface Contest {
  readonly expert: Sequence.Sequence
  readonly others: ReadonlyArray<Sequence.Sequence>
}

/** Scores of all traces of some contests by one name. */
export type ScoreTraces<E, R> = (
  sequences: ReadonlyArray<Sequence.Sequence>
) => Effect.Effect<ReadonlyArray<number>, E, R>

/** AUROC of experts against the others, for one score. */
export const separation = <E, R>(contests: ReadonlyArray<Contest>, score: ScoreTraces<E, R>) =>
  Effect.map(score(contests.flatMap(({ expert, others }) => [expert, ...others])), (scores) => {
    let at = 0
    const pools = contests.map(({ others }) => {
      const own = scores.slice(at, at + 1 + others.length)
      at += own.length
      return { correct: own.map((_, i) => i === 0), scores: own }
    })
    return [aurocWithinPrompt(pools, Resamplings.standard), aurocPooled(pools, Resamplings.standard)] as const
  })
