import { subsetShare } from "./binomial.ts"
import type { Measurement } from "./Measurement.ts"
import { meanOverPrompts } from "./overPrompts.ts"
import * as Ranking from "./Ranking.ts"
import type { Resampling } from "./Resampling.ts"

/** One prompt's completions: whether each is correct, and the score that ranks it. */
export interface ScoredPool {
  readonly correct: ReadonlyArray<boolean>
  readonly scores: ReadonlyArray<number>
}

/**
 * Probability that the best-scored of n completions is correct, averaged exactly over all n-subsets of the pool
 * and over the order of tied scores.
 *
 * With tie blocks b = 1.. (best first) of size s_b with m_b correct, and R_b = s_1 + .. + s_b:
 * sum_b m_b / s_b * [C(N - R_{b-1}, n) - C(N - R_b, n)] / C(N, n).
 *
 * @returns a share in [0, 1]; `undefined` when n > N. Constant scores give m / N, the expected random pick.
 * @throws RangeError when scores and correctness differ in length
 * @see specs/20-selection.md
 */
export const bestOfNOfPrompt = ({ correct, scores }: ScoredPool, n: number): number | undefined => {
  const N = correct.length
  Ranking.checkPairs(scores, correct)
  if (n > N || n < 1) return undefined
  let expected = 0
  let ranked = 0
  for (const block of Ranking.tieBlocks(scores, correct)) {
    const reach = subsetShare(N - ranked, N, n) - subsetShare(N - ranked - block.size, N, n)
    expected += (block.correct / block.size) * reach
    ranked += block.size
  }
  return expected
}

/** best-of-n of each prompt; `undefined` where a prompt has fewer than n completions. */
export const bestOfNPerPrompt = (pools: ReadonlyArray<ScoredPool>, n: number): ReadonlyArray<number | undefined> =>
  pools.map((pool) => bestOfNOfPrompt(pool, n))

/** best-of-n by score, averaged over the prompts that have at least n completions. */
export const bestOfN = (pools: ReadonlyArray<ScoredPool>, n: number, resampling: Resampling): Measurement =>
  meanOverPrompts(bestOfNPerPrompt(pools, n), resampling, `no prompt has ${n} completions`)

/** The expected random pick of each prompt's pool, m / N: the base line of every reranker, for any n. */
export const randomPickPerPrompt = (
  correct: ReadonlyArray<ReadonlyArray<boolean>>
): ReadonlyArray<number | undefined> =>
  correct.map((row) => (row.length === 0 ? undefined : row.filter(Boolean).length / row.length))
