import { counterparts } from "./alignment.ts"
import { spearman } from "./correlation.ts"
import { type Measurement, notAvailable } from "./Measurement.ts"
import { meanOverPrompts } from "./overPrompts.ts"
import type { Resampling } from "./Resampling.ts"
import type { Selector } from "./Selector.ts"

/** A trace and its perturbed copy with their rewards a token. */
export interface TracePair {
  readonly promptId: string
  readonly clean: { readonly ids: ReadonlyArray<number>; readonly rewards: ReadonlyArray<number> }
  readonly perturbed: { readonly ids: ReadonlyArray<number>; readonly rewards: ReadonlyArray<number> }
  /** Number of edits. */
  readonly severity: number
}

/** What a set of pairs shows. */
export interface Sensitivity {
  /** Mean of agg(clean) - agg(perturbed). */
  readonly margin: Measurement
  /** Share of pairs whose clean trace scores higher, ties one half. */
  readonly wins: Measurement
  readonly pairs: number
  /** Pairs where a side has no finite score, left out. */
  readonly leftOut: number
}

const prompts = (pairs: ReadonlyArray<TracePair>) => Map.groupBy(pairs, ({ promptId }) => promptId)

const marginOf = ({ clean, perturbed }: TracePair, aggregate: Selector): number =>
  aggregate.select(clean.rewards) - aggregate.select(perturbed.rewards)

/** Margin and win rate of the clean traces; pairs of one prompt are averaged first, and prompts resampled. */
export const sensitivity = (
  all: ReadonlyArray<TracePair>,
  aggregate: Selector,
  resampling: Resampling
): Sensitivity => {
  const pairs = all.filter((pair) => Number.isFinite(marginOf(pair, aggregate)))
  const groups = [...prompts(pairs).values()]
  const mean = (of: (margin: number) => number): ReadonlyArray<number> =>
    groups.map((group) => group.reduce((s, pair) => s + of(marginOf(pair, aggregate)), 0) / group.length)
  const wins = mean((m) => (m > 0 ? 1 : m === 0 ? 0.5 : 0))
  const lacking = "no pair with two finite scores"
  return {
    margin:
      groups.length === 1
        ? notAvailable("an interval needs pairs of 2 prompts")
        : meanOverPrompts(
            mean((m) => m),
            resampling,
            lacking
          ),
    wins: meanOverPrompts(wins, resampling, lacking),
    pairs: pairs.length,
    leftOut: all.length - pairs.length
  }
}

/** `sensitivity` by number of edits, fewest first. */
export const bySeverity = (
  pairs: ReadonlyArray<TracePair>,
  aggregate: Selector,
  resampling: Resampling
): ReadonlyArray<Sensitivity & { readonly severity: number }> =>
  [...Map.groupBy(pairs, ({ severity }) => severity)]
    .toSorted(([a], [b]) => a - b)
    .map(([severity, group]) => ({ severity, ...sensitivity(group, aggregate, resampling) }))

/** Spearman's correlation of the number of edits with the perturbed trace's score; `undefined` without spread. */
export const severityCorrelation = (pairs: ReadonlyArray<TracePair>, aggregate: Selector): number | undefined =>
  spearman(
    pairs.map(({ severity }) => severity),
    pairs.map(({ perturbed }) => aggregate.select(perturbed.rewards))
  )

/** Share of prompts, among those with several severities, whose mean score never rises with the number of edits. */
export const nonIncreasing = (
  pairs: ReadonlyArray<TracePair>,
  aggregate: Selector,
  resampling: Resampling
): Measurement => {
  const values = [...prompts(pairs).values()].map((group) => {
    const levels = [...Map.groupBy(group, ({ severity }) => severity)]
      .toSorted(([a], [b]) => a - b)
      .map(([, at]) => at.reduce((s, { perturbed }) => s + aggregate.select(perturbed.rewards), 0) / at.length)
    return levels.length < 2 ? undefined : levels.every((x, i) => i === 0 || x <= levels[i - 1]!) ? 1 : 0
  })
  return meanOverPrompts(values, resampling, "no prompt with several severities")
}

/**
 * What each perturbed token lost: the reward of the clean token that it stands for, less its own. The traces are
 * aligned first; equal indices would compare other tokens after every insertion.
 *
 * @returns [perturbed length]
 */
export const alignedDeltas = ({ clean, perturbed }: TracePair): ReadonlyArray<number> =>
  counterparts(clean.ids, perturbed.ids).map(
    (i, j) => (clean.rewards[i] ?? Number.NaN) - (perturbed.rewards[j] ?? Number.NaN)
  )

/** Where a trace's deltas lie: mean within the window of an edit, mean outside, and their gap. */
export interface DeltaSplit {
  readonly inside: number | undefined
  readonly outside: number | undefined
  readonly gap: number | undefined
}

const meanOf = (xs: ReadonlyArray<number>): number | undefined => {
  const finite = xs.filter(Number.isFinite)
  return finite.length === 0 ? undefined : finite.reduce((a, b) => a + b, 0) / finite.length
}

/** Whether a place lies within W of a target. */
export const isNear =
  (targets: ReadonlyArray<number>, W: number) =>
  (place: number): boolean =>
    targets.some((t) => Math.abs(t - place) <= W)

/** Deltas within ±W of the edited tokens against those elsewhere. @param W default 10 */
export const splitDeltas = (deltas: ReadonlyArray<number>, targets: ReadonlyArray<number>, W = 10): DeltaSplit => {
  const near = isNear(targets, W)
  const [inside, outside] = [true, false].map((side) => meanOf(deltas.filter((_, t) => near(t) === side)))
  return { inside, outside, gap: inside === undefined || outside === undefined ? undefined : inside - outside }
}
