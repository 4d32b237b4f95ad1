import { type Measurement, notAvailable } from "./Measurement.ts"
import { combineOverPrompts } from "./overPrompts.ts"
import type { Resampling } from "./Resampling.ts"

/** A prediction of the first wrong step, from 0; -1 for "none is wrong", on both sides. */
export interface StepPrediction {
  readonly label: number
  readonly predicted: number
}

/** Exact matches on wrong traces, on right ones, and their harmonic mean. */
export interface ProcessBenchResult {
  readonly wrong: Measurement
  readonly right: Measurement
  readonly f1: Measurement
}

/** The first step whose value falls below the threshold, -1 if none does; a value that is not finite never does. */
export const firstBelow = (values: ReadonlyArray<number>, threshold: number): number =>
  values.findIndex((value) => value < threshold)

/**
 * ProcessBench: F1 = 2 a b / (a + b) of the exact-match accuracy a on traces with a wrong step and b on traces without.
 * The value is that of the full sample; intervals resample traces, each of which has a problem of its own.
 *
 * @see Zheng et al. 2024, section 3
 */
export const processBenchF1 = (
  predictions: ReadonlyArray<StepPrediction>,
  resampling: Resampling
): ProcessBenchResult => {
  const column = (of: (p: StepPrediction) => boolean) => predictions.map((p) => (of(p) ? 1 : 0))
  const hit = (p: StepPrediction): boolean => p.predicted === p.label
  const isWrong = (p: StepPrediction): boolean => p.label >= 0
  const wrong = [column((p) => isWrong(p) && hit(p)), column(isWrong)]
  const right = [column((p) => !isWrong(p) && hit(p)), column((p) => !isWrong(p))]
  const over = (columns: ReadonlyArray<ReadonlyArray<number>>, of: (s: ArrayLike<number>) => number, lacking: string) =>
    combineOverPrompts(columns, of, { resampling, unavailable: lacking })
  const [a, b] = [
    over(wrong, (s) => s[0]! / s[1]!, "no trace with a wrong step"),
    over(right, (s) => s[0]! / s[1]!, "no trace without a wrong step")
  ]
  const harmonic = (s: ArrayLike<number>): number => {
    const [x, y] = [s[0]! / s[1]!, s[2]! / s[3]!]
    return x + y === 0 ? 0 : (2 * x * y) / (x + y)
  }
  const lacking = [a, b].find((m) => m._tag === "NotAvailable")
  return {
    wrong: a,
    right: b,
    f1: lacking === undefined ? over([...wrong, ...right], harmonic, "no traces") : notAvailable(lacking.reason)
  }
}

/** The threshold among the candidates with the best F1: choose it on validation traces, never on those reported. */
export const chooseThreshold = (
  traces: ReadonlyArray<{ readonly label: number; readonly values: ReadonlyArray<number> }>,
  candidates: ReadonlyArray<number>
): number | undefined => {
  const f1 = (threshold: number): number => {
    const rate = (of: typeof traces): number =>
      of.filter(({ label, values }) => firstBelow(values, threshold) === label).length / of.length
    const [a, b] = [rate(traces.filter((t) => t.label >= 0)), rate(traces.filter((t) => t.label < 0))]
    return a + b > 0 ? (2 * a * b) / (a + b) : 0
  }
  const scored = candidates.map((threshold) => ({ threshold, value: f1(threshold) }))
  return scored.reduce<(typeof scored)[number] | undefined>(
    (best, one) => (best === undefined || one.value > best.value ? one : best),
    undefined
  )?.threshold
}
