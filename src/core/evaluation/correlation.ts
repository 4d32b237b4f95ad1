import { studentTail } from "./incompleteBeta.ts"

/**
 * Pearson's correlation over the places where both values are finite: cov(x, y) / (σ_x σ_y).
 *
 * @returns in [-1, 1]; `undefined` for fewer than two places, or where a side is constant
 * @throws RangeError when the two differ in length
 */
export const pearson = (x: ReadonlyArray<number>, y: ReadonlyArray<number>): number | undefined => {
  if (x.length !== y.length) throw new RangeError(`Correlation needs pairs: ${x.length} and ${y.length} values.`)
  const kept = [...x.keys()].filter((i) => Number.isFinite(x[i]) && Number.isFinite(y[i]))
  const centred = (values: ReadonlyArray<number>): ReadonlyArray<number> => {
    const own = kept.map((i) => values[i]!)
    const mean = own.reduce((a, b) => a + b, 0) / own.length
    // The rounding of a constant's mean is no spread.
    return own.every((v) => v === own[0]) ? own.map(() => 0) : own.map((v) => v - mean)
  }
  const [a, b] = [centred(x), centred(y)]
  const product = (u: ReadonlyArray<number>, v: ReadonlyArray<number>): number =>
    u.reduce((s, w, i) => s + w * v[i]!, 0)
  const scale = Math.sqrt(product(a, a)) * Math.sqrt(product(b, b))
  return scale > 0 ? Math.max(-1, Math.min(1, product(a, b) / scale)) : undefined
}

/** Ranks from 1, equal values sharing the mean of theirs. */
export const midRanks = (values: ReadonlyArray<number>): ReadonlyArray<number> => {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!)
  const ranks = new Array<number>(values.length)
  for (let start = 0; start < order.length; ) {
    let end = start
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + 1 + end) / 2
    start = end
  }
  return ranks
}

/** Spearman's correlation: Pearson's of the mid-ranks, over the places where both values are finite. */
export const spearman = (x: ReadonlyArray<number>, y: ReadonlyArray<number>): number | undefined => {
  const kept = [...x.keys()].filter((i) => Number.isFinite(x[i]) && Number.isFinite(y[i]))
  return pearson(midRanks(kept.map((i) => x[i]!)), midRanks(kept.map((i) => y[i]!)))
}

/** Two-sided p of a correlation of n pairs, by Student's t with n - 2 degrees of freedom; needs n > 2. */
export const correlationP = (r: number, n: number): number => studentTail(r * Math.sqrt((n - 2) / (1 - r * r)), n - 2)

/** A correlation matrix; a cell is `undefined` where a column is constant or has no finite pair. */
export interface CorrelationMatrix {
  readonly names: ReadonlyArray<string>
  readonly cells: ReadonlyArray<ReadonlyArray<number | undefined>>
}

/** Pearson's correlations of all pairs of columns, each over the rows where both are finite. */
export const pearsonMatrix = (columns: Readonly<Record<string, ReadonlyArray<number>>>): CorrelationMatrix => {
  const names = Object.keys(columns)
  return { names, cells: names.map((a) => names.map((b) => pearson(columns[a]!, columns[b]!))) }
}
