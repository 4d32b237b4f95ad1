import type { ScoredPool } from "./bestOfN.ts"
import { choose } from "./binomial.ts"
import type { Measurement } from "./Measurement.ts"
import { meanOverPrompts } from "./overPrompts.ts"
import * as Ranking from "./Ranking.ts"
import type { Resampling } from "./Resampling.ts"

/** P(v wrong among the first `drawn` of a block of `size` in random order that holds `wrong` wrong ones). */
const hypergeometric = (v: number, drawn: number, size: number, wrong: number): number =>
  (choose(wrong, v) * choose(size - wrong, drawn - v)) / choose(size, drawn)

/**
 * Probability that the k best-scored of n completions hold a correct one, averaged exactly over all n-subsets of the
 * pool and over the order of tied scores: success@k|n. k = 1 is best-of-n, k = n is pass@n.
 *
 * It is 1 - Σ_j P(completion j is wrong and the k-th best of the subset, all better ones of it wrong too), where with
 * w wrong ones ranked before place j there are C(w, k-1) · C(N-j, n-k) such subsets.
 *
 * @returns a share in [0, 1]; `undefined` when k > n or n > N, or where counts of subsets exceed a double
 * @throws RangeError when scores and correctness differ in length
 * @see specs/20-selection.md
 */
export const successAtKOfPrompt = (
  { correct, scores }: ScoredPool,
  k: number,
  n: number = correct.length
): number | undefined => {
  const N = correct.length
  Ranking.checkPairs(scores, correct)
  if (k < 1 || k > n || n > N) return undefined
  let missed = 0
  let ranked = 0
  let wrongBefore = 0
  for (const { size, correct: right } of Ranking.tieBlocks(scores, correct)) {
    const wrong = size - right
    for (let o = 1; o <= size; o++) {
      const rest = choose(N - ranked - o, n - k)
      if (rest === 0) continue
      for (let v = Math.max(0, o - 1 - right); v <= Math.min(o - 1, wrong - 1); v++) {
        const isWrong = hypergeometric(v, o - 1, size, wrong) * ((wrong - v) / (size - o + 1))
        missed += isWrong * choose(wrongBefore + v, k - 1) * rest
      }
    }
    ranked += size
    wrongBefore += wrong
  }
  const share = 1 - missed / choose(N, n)
  return Number.isFinite(share) ? Math.max(0, share) : undefined
}

/** success@k|n, averaged over the prompts that have at least n completions; a k beyond n is not available. */
export const successAtK = (
  pools: ReadonlyArray<ScoredPool>,
  k: number,
  n: number,
  resampling: Resampling
): Measurement =>
  meanOverPrompts(
    pools.map((pool) => successAtKOfPrompt(pool, k, n)),
    resampling,
    k > n ? `the best ${k} of ${n} completions are all of them` : `no prompt has ${n} completions`
  )
