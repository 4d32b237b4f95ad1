/** How much a trace's token rewards vary: a "dense" reward that is flat until its end is none. */
export interface Variation {
  /** Finite rewards. */
  readonly tokens: number
  readonly range: number
  /** Population standard deviation. */
  readonly std: number
  readonly meanAbsDelta: number
  /** Share of neighbours that differ by more than ε. */
  readonly changed: number
  /** Distinct values at six decimals. */
  readonly unique: number
  readonly nonFlat: boolean
  /** Not flat even without its last token. */
  readonly interiorNonFlat: boolean
  readonly flatUntilLast: boolean
  /** Range without the last token over the whole range; `undefined` for a flat trace. */
  readonly prefixRangeShare: number | undefined
  /** |last Δ| / Σ|Δ|; `undefined` for a flat trace. */
  readonly finalJumpShare: number | undefined
}

/** Differences up to this are none. */
const EPSILON = 1e-6

const rangeOf = (xs: ReadonlyArray<number>): number => {
  const [low, high] = xs.reduce(([l, h], x) => [Math.min(l, x), Math.max(h, x)], [Infinity, -Infinity])
  return high! - low!
}

/**
 * The variation of one trace's rewards, or of a part of it; `undefined` for fewer than two finite rewards.
 *
 * @see specs/21-separation.md
 */
export const denseVariation = (rewards: ReadonlyArray<number>): Variation | undefined => {
  const xs = rewards.filter(Number.isFinite)
  if (xs.length < 2) return undefined
  const mean = xs.reduce((a, b) => a + b, 0) / xs.length
  const deltas = xs.slice(1).map((x, i) => Math.abs(x - xs[i]!))
  const moved = deltas.reduce((a, b) => a + b, 0)
  const range = rangeOf(xs)
  const interior = rangeOf(xs.slice(0, -1))
  return {
    tokens: xs.length,
    range,
    std: Math.sqrt(xs.reduce((s, x) => s + (x - mean) ** 2, 0) / xs.length),
    meanAbsDelta: moved / deltas.length,
    changed: deltas.filter((d) => d > EPSILON).length / deltas.length,
    unique: new Set(xs.map((x) => Math.round(x * 1e6))).size,
    nonFlat: range > EPSILON,
    interiorNonFlat: interior > EPSILON,
    flatUntilLast: range > EPSILON && interior <= EPSILON,
    prefixRangeShare: range > EPSILON ? interior / range : undefined,
    finalJumpShare: range > EPSILON ? deltas.at(-1)! / moved : undefined
  }
}

/** Means over traces; shares for what is true or false. */
export interface VariationSummary {
  readonly traces: number
  /** Traces with fewer than two finite rewards, left out. */
  readonly leftOut: number
  readonly means: Readonly<Record<keyof Variation, number | undefined>>
}

const keys: ReadonlyArray<keyof Variation> = [
  "tokens",
  "range",
  "std",
  "meanAbsDelta",
  "changed",
  "unique",
  "nonFlat",
  "interiorNonFlat",
  "flatUntilLast",
  "prefixRangeShare",
  "finalJumpShare"
]

/** The means of what was found of many traces; `undefined` where one was too short. */
export const meanVariation = (variations: ReadonlyArray<Variation | undefined>): VariationSummary => {
  const found = variations.filter((v) => v !== undefined)
  const mean = (key: keyof Variation): number | undefined => {
    const values = found.flatMap((v) => (v[key] === undefined ? [] : [Number(v[key])]))
    return values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0) / values.length
  }
  const means = Object.fromEntries(keys.map((key) => [key, mean(key)])) as VariationSummary["means"]
  return { traces: found.length, leftOut: variations.length - found.length, means }
}

/** The variation of many traces in one row. */
export const summariseVariation = (traces: ReadonlyArray<ReadonlyArray<number>>): VariationSummary =>
  meanVariation(traces.map(denseVariation))
