import type { ScoredPool } from "./bestOfN.ts"
import type { Measurement } from "./Measurement.ts"
import { meanOverPrompts } from "./overPrompts.ts"
import * as Ranking from "./Ranking.ts"
import type { Resampling } from "./Resampling.ts"

/** Below this a temperature is taken for it, so that weights stay defined. */
const COLDEST = 1e-8

/**
 * Share of softmax(score / τ) that lies on the correct completions. Non-finite scores weigh nothing; where no score is
 * finite, all weigh the same.
 */
const correctMass = ({ correct, scores }: ScoredPool, temperature: number): number => {
  const finite = scores.filter(Number.isFinite)
  const peak = finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const weight = (score: number): number => {
    if (finite.length === 0) return 1
    return Number.isFinite(score) ? Math.exp((score - peak) / Math.max(temperature, COLDEST)) : 0
  }
  let right = 0
  let all = 0
  for (const [i, score] of scores.entries()) {
    const w = weight(score)
    all += w
    if (correct[i] === true) right += w
  }
  return right / all
}

/**
 * pass@k with the number of correct completions replaced by the effective one M = N Σ_{correct} softmax(score / τ):
 * 1 - Π_{j=0}^{k-1} max(0, (N - M - j) / (N - j)).
 *
 * Each factor is clamped at 0: with a fractional M two negative factors would otherwise make the value fall with k.
 * Equal scores give pass@k, and k = 1 the mass on correct completions.
 *
 * @param temperature τ > 0, default 1
 * @returns a share in [0, 1], or `undefined` when k > N   @throws RangeError when scores and correctness differ in length
 * @see specs/20-selection.md
 */
export const weightedPassAtKOfPrompt = (pool: ScoredPool, k: number, temperature = 1): number | undefined => {
  const N = pool.correct.length
  Ranking.checkPairs(pool.scores, pool.correct)
  if (k > N || k < 1) return undefined
  const M = N * correctMass(pool, temperature)
  let allWrong = 1
  for (let j = 0; j < k; j++) allWrong *= Math.max(0, (N - M - j) / (N - j))
  return 1 - Math.min(1, allWrong)
}

/** Reward-weighted pass@k, averaged over the prompts that have at least k completions. */
export const weightedPassAtK = (
  pools: ReadonlyArray<ScoredPool>,
  k: number,
  resampling: Resampling,
  temperature = 1
): Measurement =>
  meanOverPrompts(
    pools.map((pool) => weightedPassAtKOfPrompt(pool, k, temperature)),
    resampling,
    `no prompt has ${k} completions`
  )
