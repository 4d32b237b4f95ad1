import { choose } from "./binomial.ts"
import type { VotePool } from "./majority.ts"

/** Votes that carry weight: one score a completion. */
export interface WeightedVotePool extends VotePool {
  readonly scores: ReadonlyArray<number>
}

/** Largest number of subsets that are enumerated for one prompt (C(16, 8) = 12870 fits well). */
export const subsetLimit = 200_000

/** Two sums of weights in another order differ by rounding only; closer than this they are tied. */
const tieTolerance = 1e-12

/**
 * Probability that the answer with the largest weight is correct, within one given set of completions.
 *
 * Weights are exp(score - highest score) and 0 for a non-finite score; where all weights are 0, all answers tie.
 */
const winnerIsCorrect = (pool: WeightedVotePool, subset: ReadonlyArray<number>): number => {
  let peak = Number.NEGATIVE_INFINITY
  for (const i of subset) {
    const score = pool.scores[i]!
    if (pool.answers[i] !== undefined && Number.isFinite(score) && score > peak) peak = score
  }
  const tally = new Map<string, { weight: number; size: number; correct: number }>()
  for (const i of subset) {
    const answer = pool.answers[i]
    if (answer === undefined) continue
    const entry = tally.get(answer) ?? { weight: 0, size: 0, correct: 0 }
    const score = pool.scores[i]!
    entry.weight += Number.isFinite(score) ? Math.exp(score - peak) : 0
    entry.size += 1
    entry.correct += pool.correct[i]! ? 1 : 0
    tally.set(answer, entry)
  }
  let best = 0
  for (const { weight } of tally.values()) best = Math.max(best, weight)
  const winners = [...tally.values()].filter(({ weight }) => weight >= best * (1 - tieTolerance))
  return winners.reduce((sum, { correct, size }) => sum + correct / size, 0) / Math.max(winners.length, 1)
}

/** Calls `visit` with every n-subset of 0..N-1 in lexicographic order; the array is reused. */
const forEachSubset = (N: number, n: number, visit: (subset: ReadonlyArray<number>) => void): void => {
  const subset = Array.from({ length: n }, (_, i) => i)
  while (true) {
    visit(subset)
    let i = n - 1
    while (i >= 0 && subset[i] === N - n + i) i--
    if (i < 0) return
    subset[i]! += 1
    for (let j = i + 1; j < n; j++) subset[j] = subset[j - 1]! + 1
  }
}

/**
 * Weighted majority of n completions: each votes for its answer with weight softmax(score) among the n drawn, the
 * answer with the largest sum wins, ties by expectation; averaged exactly over all n-subsets of the pool.
 *
 * Equal scores give the plain majority. Completions without an answer never vote.
 *
 * @returns a share in [0, 1]; `undefined` when n > N, or when C(N, n) exceeds `subsetLimit`
 * @throws RangeError when answers, scores and correctness differ in length
 * @see specs/20-selection.md
 */
export const weightedMajorityOfPrompt = (pool: WeightedVotePool, n: number): number | undefined => {
  const N = pool.correct.length
  if (pool.answers.length !== N || pool.scores.length !== N) {
    throw new RangeError(`${pool.answers.length} answers and ${pool.scores.length} scores for ${N} completions.`)
  }
  if (n > N || n < 1 || choose(N, n) > subsetLimit) return undefined
  let sum = 0
  let subsets = 0
  forEachSubset(N, n, (subset) => {
    sum += winnerIsCorrect(pool, subset)
    subsets += 1
  })
  return sum / subsets
}
