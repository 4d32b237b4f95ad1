import { aboveChance } from "./aboveChance.ts"
import { averagePrecision } from "./averagePrecision.ts"
import type { Grid } from "./Grid.ts"
import * as Grids from "./Grid.ts"
import { fallsBelow, type Measurement } from "./Measurement.ts"
import { combineOverPrompts } from "./overPrompts.ts"
import * as Places from "./placeRanking.ts"
import type { Resampling } from "./Resampling.ts"
import type { TokenSpan } from "./Selector.ts"

/** From the values of a grid's positions to a suspicion each; NaN where a position cannot be judged. */
export type Transition = (values: ReadonlyArray<number>) => ReadonlyArray<number>

/** The rise from the position before: for entropies. The first has none before it. */
export const spike: Transition = (values) => values.map((x, i) => Math.max(0, x - (values[i - 1] ?? Number.NaN)))

/** A trace with an error whose tokens are known, and the signals that may show it. */
export interface PlaceRow {
  /** Rows of one prompt are resampled together. */
  readonly promptId: string
  /** Tokens of the error, at least one. */
  readonly targets: ReadonlyArray<number>
  /** T, where it is known: a signal of another length is not of these tokens, and the row is left out. */
  readonly tokens?: number
  /** Tokens that may be predicted; default all. */
  readonly region?: TokenSpan
  /** By detector: one value a token [T], and how a position becomes suspect. */
  readonly signals: Readonly<
    Record<string, { readonly values: ReadonlyArray<number>; readonly transition: Transition }>
  >
}

/** What one detector reaches on one grid within one window; chance is that of the same rows, places and window. */
export interface PlaceResult {
  readonly detector: string
  readonly grid: string
  /** Tokens, as asked for; `reach` is how far a hit may really be off on this grid. */
  readonly window: number
  readonly reach: number
  /** Hit@1@W, or Hit@K@W. */
  readonly k: number
  readonly hit: Measurement
  readonly chance: Measurement
  /** (mean hit - mean chance) / (1 - mean chance) */
  readonly normalised: Measurement
  /** Whether its interval lies below 0: no honest signal is that wrong, so this one is misaligned, or turned round. */
  readonly belowChance: boolean
  readonly meanAveragePrecision: Measurement
  readonly averagePrecisionChance: Measurement
  readonly meanReciprocalRank: Measurement
  readonly reciprocalRankChance: Measurement
  /** Mass@W */
  readonly mass: Measurement
  readonly rows: number
  /** Rows that no detector is judged on: a signal is missing or of another length than its tokens, or no target can be predicted. */
  readonly leftOut: number
}

export interface PlaceOptions {
  readonly grid: Grid
  readonly window: number
  readonly k?: number
  readonly detectors: ReadonlyArray<string>
  readonly resampling: Resampling
}

interface Prepared {
  readonly row: PlaceRow
  readonly places: ReadonlyArray<number>
  readonly targets: ReadonlySet<number>
  readonly near: ReadonlyArray<boolean>
}

/** The places of a row that can be predicted, or `undefined` where the row is for no detector. */
const prepare = (row: PlaceRow, { grid, window, detectors }: PlaceOptions): Prepared | undefined => {
  const lengths = new Set(detectors.map((d) => row.signals[d]?.values.length))
  const [T] = lengths
  if (lengths.size !== 1 || T === undefined || T !== (row.tokens ?? T)) return undefined
  const { start, end } = row.region ?? { start: 0, end: T }
  // The first place has none before it, so no transition can lead there: it is no candidate, nor part of chance.
  const first = Math.max(1, Grids.place(grid, start))
  const last = Grids.place(grid, Math.min(end, T) - 1)
  const places = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
  const targets = new Set(row.targets.map((t) => Grids.place(grid, t)).filter((p) => p >= first && p <= last))
  if (targets.size === 0) return undefined
  const W = Grids.window(grid, window)
  const near = places.map((p) => [...targets].some((t) => Math.abs(p - t) <= W))
  return { row, places, targets, near }
}

/**
 * Judges detectors by where they see an error, on one grid and within one window, all on the same rows and against the
 * exact chance of the same places. Ties count by expectation, so a flat signal is at chance.
 *
 * @see specs/22-localisation.md
 */
export const localisePlaces = (rows: ReadonlyArray<PlaceRow>, options: PlaceOptions): ReadonlyArray<PlaceResult> => {
  const { grid, window, k = 1, detectors, resampling } = options
  const prepared = rows.map((row) => prepare(row, options)).filter((row) => row !== undefined)
  const prompts = new Map([...new Set(prepared.map(({ row }) => row.promptId))].map((id, b) => [id, b]))
  const sums = (of: (row: Prepared) => number): Float64Array => {
    const out = new Float64Array(prompts.size)
    for (const one of prepared) out[prompts.get(one.row.promptId)!]! += of(one)
    return out
  }
  const unavailable = rows.length === 0 ? "no trace with an error" : "no trace that every detector can be judged on"
  const count = sums(() => 1)
  const mean = (column: Float64Array): Measurement =>
    combineOverPrompts([column, count], (s) => s[0]! / s[1]!, { resampling, unavailable })
  const nearCount = ({ near }: Prepared): number => near.filter(Boolean).length
  const chance = sums((one) => Places.chanceAtK(one.places.length, nearCount(one), k))
  return detectors.map((detector): PlaceResult => {
    const suspicions = new Map(
      prepared.map((one) => {
        const { values, transition } = one.row.signals[detector]!
        const all = transition(Grids.coarsen(grid, values))
        return [one, one.places.map((p) => all[p]!)]
      })
    )
    const ranked = (one: Prepared): Places.RankedPlaces => ({ suspicion: suspicions.get(one)!, near: one.near })
    const exact = (one: Prepared) => one.places.map((p) => one.targets.has(p))
    const hits = sums((one) => Places.hitAtK(ranked(one), k))
    const normalised = aboveChance(
      [hits, chance, count],
      { resampling, unavailable },
      "every place is near the error, so chance is 1"
    )
    return {
      detector,
      grid: grid.name,
      window,
      reach: Grids.reach(grid, window),
      k,
      hit: mean(hits),
      chance: mean(chance),
      normalised,
      belowChance: fallsBelow(normalised, 0),
      meanAveragePrecision: mean(sums((one) => averagePrecision(suspicions.get(one)!, exact(one)) ?? 0)),
      averagePrecisionChance: mean(sums((one) => Places.chanceAveragePrecision(one.places.length, one.targets.size))),
      meanReciprocalRank: mean(sums((one) => Places.reciprocalRank({ ...ranked(one), near: exact(one) }))),
      reciprocalRankChance: mean(sums((one) => Places.chanceReciprocalRank(one.places.length, one.targets.size))),
      mass: mean(sums((one) => Places.massNear(ranked(one)))),
      rows: prepared.length,
      leftOut: rows.length - prepared.length
    }
  })
}

/** Whether the error lies wholly in the row's region and spans at most `limit` tokens. */
export const withinSpan =
  (limit: number) =>
  ({ targets, region }: PlaceRow): boolean => {
    const [low, high] = [
      targets.reduce((a, b) => Math.min(a, b), Infinity),
      targets.reduce((a, b) => Math.max(a, b), -1)
    ]
    const inside = region === undefined || (low >= region.start && high < region.end)
    return targets.length > 0 && inside && high - low + 1 <= limit
  }
