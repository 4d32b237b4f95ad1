import { estimate, type Measurement, notAvailable } from "./Measurement.ts"
import { interval, type Resampling } from "./Resampling.ts"

/** The values a metric can take; what a single prompt's interval is, as one prompt shows no spread. */
export type Range = readonly [lowest: number, highest: number]

const share: Range = [0, 1]

/**
 * A function of sums over prompts, with its interval over resampled prompts.
 *
 * @param columns per-prompt statistics, each [B]; `combine` sees their sums, weighted by the draw
 * @param combine from the sums (in the order of `columns`) to the metric; NaN where it is undefined
 * @param range the metric's range, returned as the interval when there is only one prompt
 */
export const combineOverPrompts = (
  columns: ReadonlyArray<ArrayLike<number>>,
  combine: (sums: ArrayLike<number>) => number,
  options: { readonly resampling: Resampling; readonly unavailable: string; readonly range?: Range }
): Measurement => {
  const prompts = columns[0]?.length ?? 0
  const sums = new Float64Array(columns.length)
  // Of one kind, so that the sums of all draws run over plain numbers.
  const dense = columns.map((column) => Float64Array.from(column))
  const weighted = (multiplicity: Uint32Array): number => {
    for (const [c, column] of dense.entries()) {
      let sum = 0
      for (let b = 0; b < prompts; b++) sum += multiplicity[b]! * column[b]!
      sums[c] = sum
    }
    return combine(sums)
  }
  const value = prompts === 0 ? Number.NaN : weighted(new Uint32Array(prompts).fill(1))
  if (!Number.isFinite(value)) return notAvailable(options.unavailable)
  const range = options.range ?? share
  const ci95 = prompts === 1 ? range : (interval(prompts, weighted, options.resampling) ?? range)
  return estimate(value, ci95, prompts)
}

/**
 * Mean of one value a prompt, over the prompts that have one.
 *
 * @param values [B]; `undefined` leaves the prompt out, and the number kept is the estimate's `n`
 */
export const meanOverPrompts = (
  values: ReadonlyArray<number | undefined>,
  resampling: Resampling,
  unavailable: string,
  range: Range = share
): Measurement => {
  const present = values.filter((v) => v !== undefined)
  return combineOverPrompts([present, present.map(() => 1)], (s) => s[0]! / s[1]!, { resampling, unavailable, range })
}

/**
 * Mean paired difference a - b over the prompts that have both values; the same prompts are drawn for both.
 *
 * @param a [B]   @param b [B], the same prompts in the same order
 * @throws RangeError when the two are not of one length
 */
export const differenceOverPrompts = (
  a: ReadonlyArray<number | undefined>,
  b: ReadonlyArray<number | undefined>,
  resampling: Resampling,
  range: Range = [-1, 1]
): Measurement => {
  if (a.length !== b.length) throw new RangeError(`Paired metrics need the same prompts: ${a.length} and ${b.length}.`)
  const differences = a.map((x, i) => {
    const y = b[i]
    return x === undefined || y === undefined ? undefined : x - y
  })
  return meanOverPrompts(differences, resampling, "no prompt has both values", range)
}
