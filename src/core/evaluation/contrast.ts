import type { ScoredPool } from "./bestOfN.ts"
import { studentTail } from "./incompleteBeta.ts"
import { type Measurement, notAvailable } from "./Measurement.ts"
import { meanOverPrompts } from "./overPrompts.ts"
import * as Ranking from "./Ranking.ts"
import type { Resampling } from "./Resampling.ts"

/** Welch's test of two means. */
export interface Welch {
  /** mean(a) - mean(b) */
  readonly difference: number
  readonly t: number
  readonly degrees: number
  /** Two-sided. */
  readonly p: number
}

const moments = (xs: ReadonlyArray<number>): readonly [mean: number, squaredError: number] => {
  const mean = xs.reduce((a, b) => a + b, 0) / xs.length
  return [mean, xs.reduce((s, x) => s + (x - mean) ** 2, 0) / (xs.length - 1) / xs.length]
}

/**
 * Welch's t-test of two independent samples: t = (mean a - mean b) / sqrt(s_a²/n_a + s_b²/n_b), variances over n - 1,
 * degrees of freedom by Welch and Satterthwaite.
 *
 * The completions of one prompt are not independent, so over completions its p is far too small: it is kept because
 * published plots print it. `promptContrast` is the one to believe.
 *
 * @returns `undefined` with fewer than two values on a side, or no spread at all
 */
export const welch = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): Welch | undefined => {
  if (a.length < 2 || b.length < 2) return undefined
  const [[meanA, varA], [meanB, varB]] = [moments(a), moments(b)]
  if (varA + varB === 0) return undefined
  const t = (meanA - meanB) / Math.sqrt(varA + varB)
  const degrees = (varA + varB) ** 2 / (varA ** 2 / (a.length - 1) + varB ** 2 / (b.length - 1))
  return { difference: meanA - meanB, t, degrees, p: studentTail(t, degrees) }
}

const meanFinite = (xs: ReadonlyArray<number>): number | undefined => {
  const finite = xs.filter(Number.isFinite)
  return finite.length === 0 ? undefined : finite.reduce((a, b) => a + b, 0) / finite.length
}

/** Mean score of a prompt's correct completions less that of its wrong ones; `undefined` where either is absent. */
export const contrastOfPrompt = ({ correct, scores }: ScoredPool): number | undefined => {
  Ranking.checkPairs(scores, correct)
  const [right, wrong] = [true, false].map((c) => meanFinite(scores.filter((_, i) => correct[i] === c)))
  return right === undefined || wrong === undefined ? undefined : right - wrong
}

/** Right less wrong within each prompt, averaged over the prompts that have both; intervals resample prompts. */
export const promptContrast = (pools: ReadonlyArray<ScoredPool>, resampling: Resampling): Measurement => {
  const values = pools.map(contrastOfPrompt)
  const kept = values.filter((v) => v !== undefined).length
  return kept < 2
    ? notAvailable(`an interval needs 2 prompts with both right and wrong completions, not ${kept}`)
    : meanOverPrompts(values, resampling, "")
}
