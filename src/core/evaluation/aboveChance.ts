import { type Measurement, notAvailable } from "./Measurement.ts"
import { combineOverPrompts, type Range } from "./overPrompts.ts"
import type { Resampling } from "./Resampling.ts"

/**
 * (mean hit - mean chance) / (1 - mean chance): 0 at chance, 1 when perfect. A ratio of means, since a mean of per-row
 * ratios has no lower bound.
 *
 * @param columns sums by prompt of hits, of chances, and of rows
 * @param certain the reason given where chance is 1 everywhere
 */
export const aboveChance = (
  columns: readonly [hits: Float64Array, chance: Float64Array, rows: Float64Array],
  options: { readonly resampling: Resampling; readonly unavailable: string },
  certain: string
): Measurement => {
  const [c, n] = [columns[1], columns[2]].map((sums) => sums.reduce((a, b) => a + b, 0)) as [number, number]
  if (n - c < 1e-12 * n) return notAvailable(certain)
  const range: Range = [-c / (n - c), 1]
  return combineOverPrompts(columns, (s) => (s[0]! - s[1]!) / (s[2]! - s[1]!), { ...options, range })
}
