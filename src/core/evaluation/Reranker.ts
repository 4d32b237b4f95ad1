import { bestOfNOfPrompt } from "./bestOfN.ts"
import type { Measurement } from "./Measurement.ts"
import { majorityOfPrompt } from "./majority.ts"
import { differenceOverPrompts, meanOverPrompts } from "./overPrompts.ts"
import { passAtKOfPrompt } from "./passAtK.ts"
import * as Ranking from "./Ranking.ts"
import type { Resampling } from "./Resampling.ts"
import { weightedMajorityOfPrompt } from "./weightedMajority.ts"

/** One prompt's completions, with everything a reranker may look at; each list has one entry a completion. */
export interface RerankPool {
  readonly correct: ReadonlyArray<boolean>
  /** Canonical final answers, `undefined` where none could be parsed. */
  readonly answers: ReadonlyArray<string | undefined>
  /** Named trace scores, e.g. `reward` and `logProb`. */
  readonly scores: Readonly<Record<string, ReadonlyArray<number>>>
}

/** A rule that picks one of n completions; a user's own is one more value of this type. */
export interface Reranker {
  readonly name: string
  /** Expected correctness of the pick over all n-subsets; `undefined` where it cannot be computed. */
  readonly accuracy: (pool: RerankPool, n: number) => number | undefined
  /** Completions of the pool whose score carries no order. */
  readonly nonFinite: (pool: RerankPool) => number
}

const none = (): number => 0

/** The expected random pick, m / N for every n <= N. */
export const random: Reranker = {
  name: "random",
  accuracy: ({ correct }, n) =>
    n > correct.length || n < 1 ? undefined : correct.filter(Boolean).length / correct.length,
  nonFinite: none
}

/** Correct as soon as one of the n is: pass@n, the ceiling of every reranker. */
export const oracle: Reranker = {
  name: "oracle",
  accuracy: ({ correct }, n) => passAtKOfPrompt(correct.length, correct.filter(Boolean).length, n),
  nonFinite: none
}

/** The completion with the highest score of that name; a pool without the score gives no value, never a substitute. */
export const byScore = (name: string): Reranker => ({
  name,
  accuracy: ({ correct, scores }, n) => {
    const own = scores[name]
    return own === undefined ? undefined : bestOfNOfPrompt({ correct, scores: own }, n)
  },
  nonFinite: ({ scores }) => Ranking.countNonFinite(scores[name] ?? [])
})

/** The most frequent answer. */
export const majority: Reranker = { name: "majority", accuracy: majorityOfPrompt, nonFinite: none }

/** The answer with the largest summed softmax weight of the score of that name. */
export const weightedMajority = (score: string): Reranker => ({
  name: "weightedMajority",
  accuracy: ({ correct, answers, scores }, n) => {
    const own = scores[score]
    return own === undefined ? undefined : weightedMajorityOfPrompt({ correct, answers, scores: own }, n)
  },
  nonFinite: ({ scores }) => Ranking.countNonFinite(scores[score] ?? [])
})

/** The six that are always printed beside each other, given scores `reward` and `logProb`. */
export const standard: ReadonlyArray<Reranker> = [
  byScore("reward"),
  random,
  byScore("logProb"),
  majority,
  weightedMajority("reward"),
  oracle
]

/** One point of a reranking curve. */
export interface RerankRow {
  readonly reranker: string
  readonly n: number
  readonly accuracy: Measurement
  /** Paired difference to the expected random pick of the same pools. */
  readonly gain: Measurement
  /** Completions, over all prompts, that this reranker had no score for. */
  readonly nonFinite: number
}

/** Accuracy of each reranker at each n, as tidy rows; intervals resample prompts, the same ones for all. */
export const curve = (
  pools: ReadonlyArray<RerankPool>,
  rerankers: ReadonlyArray<Reranker>,
  ns: ReadonlyArray<number>,
  resampling: Resampling
): ReadonlyArray<RerankRow> =>
  ns.flatMap((n) => {
    const base = pools.map((pool) => random.accuracy(pool, n))
    return rerankers.map((reranker): RerankRow => {
      const values = pools.map((pool) => reranker.accuracy(pool, n))
      return {
        reranker: reranker.name,
        n,
        accuracy: meanOverPrompts(values, resampling, `no prompt has ${n} completions to rank by ${reranker.name}`),
        gain: differenceOverPrompts(values, base, resampling),
        nonFinite: pools.reduce((sum, pool) => sum + reranker.nonFinite(pool), 0)
      }
    })
  })
