import { aboveChance } from "./aboveChance.ts"
import type { Measurement } from "./Measurement.ts"
import { combineOverPrompts } from "./overPrompts.ts"
import * as Ranking from "./Ranking.ts"
import type { Resampling } from "./Resampling.ts"
import type { Selector } from "./Selector.ts"

/**
 * A wrong trace whose first wrong step is known.
 *
 * Every detector scores the same steps, so that all are judged against one chance level. A step that a detector
 * cannot judge scores NaN and ranks last.
 */
export interface LocalisationRow {
  /** Rows of one prompt are resampled together. */
  readonly promptId: string
  /** Index of the first wrong step, 0-based. */
  readonly firstWrongStep: number
  /** Detector name to one suspicion a step (higher = more suspect), each [S]. */
  readonly suspicion: Readonly<Record<string, ReadonlyArray<number>>>
}

/** How well one detector finds the first wrong step; all over the same rows. */
export interface LocalisationResult {
  readonly detector: string
  /** Share of rows whose most suspect step is the first wrong one; ties by expectation. */
  readonly hitAt1: Measurement
  /** Exact expected hit of a random step: the mean over rows of 1 / S. */
  readonly chance: Measurement
  /** (mean hit - mean chance) / (1 - mean chance): 0 at chance, 1 when perfect. */
  readonly normalised: Measurement
  /** Mean of 1 / rank of the first wrong step, ties by expectation. */
  readonly meanReciprocalRank: Measurement
  /** Rows used, the same for every detector. */
  readonly rows: number
  /** Steps this detector could not judge. */
  readonly nonFinite: number
}

/** Expected 1[most suspect step = target], over the order of ties. */
export const hitAt1OfRow = (suspicion: ReadonlyArray<number>, target: number): number => {
  const top = Ranking.blocks(suspicion)[0]
  return top?.includes(target) ? 1 / top.length : 0
}

/** Expected 1 / rank of the target, over the order of ties. */
export const reciprocalRankOfRow = (suspicion: ReadonlyArray<number>, target: number): number => {
  let ranked = 0
  for (const block of Ranking.blocks(suspicion)) {
    if (block.includes(target)) {
      return block.reduce((sum, _, o) => sum + 1 / (ranked + o + 1), 0) / block.length
    }
    ranked += block.length
  }
  return 0
}

/** The lowest value is the most suspect: -x. For rewards and for log-probs. */
export const lowest = (values: ReadonlyArray<number>): ReadonlyArray<number> => values.map((x) => -x)

/** The largest fall from the step before: max(0, x_{s-1} - x_s). The first step has none before it and scores NaN. */
export const drop = (values: ReadonlyArray<number>): ReadonlyArray<number> =>
  values.map((x, s) => Math.max(0, (values[s - 1] ?? Number.NaN) - x))

/**
 * One value a step from values per token, each step summarised by a selector.
 *
 * A reward given per unit is first spread to the unit's tokens, so that every granularity is judged on the same steps.
 *
 * @param values [T]   @param steps half-open token ranges, in order
 */
export const stepValues = (
  values: ReadonlyArray<number>,
  steps: ReadonlyArray<{ readonly start: number; readonly end: number }>,
  selector: Selector
): ReadonlyArray<number> => steps.map(({ start, end }) => selector.select(values.slice(start, end)))

const usable = (row: LocalisationRow, detectors: ReadonlyArray<string>): boolean => {
  const lengths = detectors.map((d) => row.suspicion[d]?.length)
  const steps = lengths[0]
  return (
    steps !== undefined &&
    lengths.every((length) => length === steps) &&
    Number.isInteger(row.firstWrongStep) &&
    row.firstWrongStep >= 0 &&
    row.firstWrongStep < steps
  )
}

/** Column sums by prompt: the sufficient statistics of the bootstrap. */
const byPrompt = (rows: ReadonlyArray<LocalisationRow>, value: (row: LocalisationRow) => number): Float64Array => {
  const index = new Map<string, number>()
  for (const { promptId } of rows) if (!index.has(promptId)) index.set(promptId, index.size)
  const sums = new Float64Array(index.size)
  for (const row of rows) sums[index.get(row.promptId)!]! += value(row)
  return sums
}

/**
 * Judges detectors on the rows that all of them can score: every detector has one suspicion a step, and the first
 * wrong step is one of the steps. Intervals resample prompts; their `n` counts prompts, `rows` counts traces.
 *
 * @see specs/22-localisation.md
 */
export const localise = (
  all: ReadonlyArray<LocalisationRow>,
  detectors: ReadonlyArray<string>,
  resampling: Resampling
): ReadonlyArray<LocalisationResult> => {
  const rows = all.filter((row) => usable(row, detectors))
  const unavailable = all.length === 0 ? "no wrong trace" : "no trace that every detector can score"
  const count = byPrompt(rows, () => 1)
  return detectors.map((detector): LocalisationResult => {
    const of = (row: LocalisationRow) => row.suspicion[detector]!
    const chance = byPrompt(rows, (row) => 1 / of(row).length)
    const hits = byPrompt(rows, (row) => hitAt1OfRow(of(row), row.firstWrongStep))
    const ranks = byPrompt(rows, (row) => reciprocalRankOfRow(of(row), row.firstWrongStep))
    const mean = (sums: Float64Array): Measurement =>
      combineOverPrompts([sums, count], (s) => s[0]! / s[1]!, { resampling, unavailable })
    return {
      detector,
      hitAt1: mean(hits),
      chance: mean(chance),
      normalised: aboveChance(
        [hits, chance, count],
        { resampling, unavailable },
        "every trace has a single step, so chance is 1"
      ),
      meanReciprocalRank: mean(ranks),
      rows: rows.length,
      nonFinite: rows.reduce((sum, row) => sum + Ranking.countNonFinite(of(row)), 0)
    }
  })
}
