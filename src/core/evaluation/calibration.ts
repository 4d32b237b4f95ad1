import { type Measurement, notAvailable } from "./Measurement.ts"
import { combineOverPrompts } from "./overPrompts.ts"
import type { Resampling } from "./Resampling.ts"

/** One prompt's completions with the probability that each is correct. */
export interface ProbabilityPool {
  readonly correct: ReadonlyArray<boolean>
  /** In [0, 1]. A sigmoid of an uncalibrated reward is not one: fit it on held-out data first. */
  readonly probabilities: ReadonlyArray<number>
}

/** One bar of a reliability diagram, over (lower, upper]; 0 belongs to the first. */
export interface ReliabilityBin {
  readonly lower: number
  readonly upper: number
  readonly count: number
  /** Mean probability, `undefined` in an empty bin. */
  readonly confidence: number | undefined
  /** Share of correct completions, `undefined` in an empty bin. */
  readonly accuracy: number | undefined
}

const binOf = (p: number, bins: number): number => Math.max(0, Math.ceil(p * bins) - 1)

const problem = (pools: ReadonlyArray<ProbabilityPool>): string | undefined => {
  const all = pools.flatMap((pool) => pool.probabilities)
  const bad = all.filter((p) => !(p >= 0 && p <= 1)).length
  if (all.length === 0) return "no completions"
  return bad === 0 ? undefined : `${bad} of ${all.length} values are not probabilities in [0, 1]`
}

/** Reliability bins of equal width over all completions. */
export const reliabilityBins = (pools: ReadonlyArray<ProbabilityPool>, bins = 10): ReadonlyArray<ReliabilityBin> => {
  const count = new Array<number>(bins).fill(0)
  const confidence = new Array<number>(bins).fill(0)
  const correct = new Array<number>(bins).fill(0)
  for (const pool of pools) {
    for (const [i, p] of pool.probabilities.entries()) {
      const bin = binOf(p, bins)
      count[bin]! += 1
      confidence[bin]! += p
      correct[bin]! += pool.correct[i]! ? 1 : 0
    }
  }
  return count.map((n, bin) => ({
    lower: bin / bins,
    upper: (bin + 1) / bins,
    count: n,
    confidence: n === 0 ? undefined : confidence[bin]! / n,
    accuracy: n === 0 ? undefined : correct[bin]! / n
  }))
}

/**
 * Expected calibration error: sum_b (n_b / n) |accuracy_b - confidence_b| over bins of equal width (lo, hi].
 *
 * The value is that of the full sample; resampled values are biased upwards and give only the interval.
 */
export const expectedCalibrationError = (
  pools: ReadonlyArray<ProbabilityPool>,
  resampling: Resampling,
  bins = 10
): Measurement => {
  const reason = problem(pools)
  if (reason !== undefined) return notAvailable(reason)
  const gaps = Array.from({ length: bins }, () => new Float64Array(pools.length))
  for (const [b, pool] of pools.entries()) {
    for (const [i, p] of pool.probabilities.entries()) gaps[binOf(p, bins)]![b]! += (pool.correct[i]! ? 1 : 0) - p
  }
  const counts = pools.map((pool) => pool.probabilities.length)
  const combine = (sums: ArrayLike<number>): number => {
    let error = 0
    for (let bin = 0; bin < bins; bin++) error += Math.abs(sums[bin]!)
    return error / sums[bins]!
  }
  return combineOverPrompts([...gaps, counts], combine, { resampling, unavailable: "no completions" })
}

/** Brier score: mean of (p - correct)^2, in [0, 1], lower is better. */
export const brierScore = (pools: ReadonlyArray<ProbabilityPool>, resampling: Resampling): Measurement => {
  const reason = problem(pools)
  if (reason !== undefined) return notAvailable(reason)
  const squares = pools.map((pool) =>
    pool.probabilities.reduce((sum, p, i) => sum + (p - (pool.correct[i]! ? 1 : 0)) ** 2, 0)
  )
  const counts = pools.map((pool) => pool.probabilities.length)
  return combineOverPrompts([squares, counts], (s) => s[0]! / s[1]!, { resampling, unavailable: "no completions" })
}
