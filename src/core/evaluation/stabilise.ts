/** How a bin's centre and spread are measured. */
export type Scale = (values: ReadonlyArray<number>) => { readonly centre: number; readonly spread: number }

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Median and 1.4826 times the median absolute deviation, which is σ for normal values. */
export const robust: Scale = (values) => {
  const centre = median(values)
  return { centre, spread: 1.4826 * median(values.map((x) => Math.abs(x - centre))) }
}

/** Mean and population standard deviation. */
export const moments: Scale = (values) => {
  const centre = values.reduce((a, b) => a + b, 0) / values.length
  return { centre, spread: Math.sqrt(values.reduce((s, x) => s + (x - centre) ** 2, 0) / values.length) }
}

/** A spread up to this says nothing of the values' scale. */
const TINY = 1e-6

/** Standardises a trace's values by what is usual at their relative place. */
export type Stabiliser = (values: ReadonlyArray<number>) => ReadonlyArray<number>

const binOf = (t: number, T: number, bins: number): number => Math.floor((t / T) * bins)

/**
 * Fits centre and spread for each of `bins` relative places over reference traces: z = (x - centre) / spread. A bin
 * without values or spread takes the spread of all values, and 1 where those have none either.
 *
 * @param traces whose values are usual, e.g. clean ones that are not judged
 */
export const fitStabiliser = (
  traces: ReadonlyArray<ReadonlyArray<number>>,
  { bins = 20, scale = robust }: { readonly bins?: number; readonly scale?: Scale } = {}
): Stabiliser => {
  const held: ReadonlyArray<Array<number>> = Array.from({ length: bins }, () => [])
  for (const values of traces)
    for (const [t, x] of values.entries()) if (Number.isFinite(x)) held[binOf(t, values.length, bins)]!.push(x)
  const all = held.flat()
  const whole = all.length === 0 ? { centre: 0, spread: 1 } : scale(all)
  const fallback = whole.spread > TINY ? whole.spread : 1
  const fitted = held.map((values) => {
    if (values.length === 0) return { centre: whole.centre, spread: fallback }
    const { centre, spread } = scale(values)
    return { centre, spread: spread > TINY ? spread : fallback }
  })
  return (values) =>
    values.map((x, t) => {
      const { centre, spread } = fitted[binOf(t, values.length, bins)]!
      return (x - centre) / spread
    })
}

/** Mean over a window of odd width around each place; at the ends over what is there, never over zeros. */
export const movingAverage = (values: ReadonlyArray<number>, width = 3): ReadonlyArray<number> => {
  const half = (width - 1) / 2
  return values.map((_, t) => {
    const near = values.slice(Math.max(0, t - half), t + half + 1).filter(Number.isFinite)
    return near.reduce((a, b) => a + b, 0) / near.length
  })
}
