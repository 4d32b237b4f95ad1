import { Rng } from "../tensor/index.ts"

/** How intervals are drawn: the seed and the number of bootstrap draws. */
export interface Resampling {
  readonly seed: number
  readonly draws: number
}

/** 1000 draws with seed 42. */
export const standard: Resampling = { seed: 42, draws: 1000 }

/** The q-quantile of sorted values, interpolated linearly between order statistics. */
export const quantile = (sorted: ArrayLike<number>, q: number): number => {
  const position = q * (sorted.length - 1)
  const below = Math.floor(position)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!)
}

/** Draws kept for the next metric over the same prompts, so that a table of metrics draws once: 128 MiB at most. */
const KEPT = 2 ** 25

const kept = new WeakMap<Resampling, { readonly prompts: number; readonly multiplicities: Uint32Array }>()

/** How often each prompt is drawn, one row a draw: [draws * prompts]. */
const drawAll = (prompts: number, { seed, draws }: Resampling): Uint32Array => {
  const rng = Rng.make(seed, "bootstrap", prompts)
  const multiplicities = new Uint32Array(draws * prompts)
  for (let row = 0; row < multiplicities.length; row += prompts)
    for (let i = 0; i < prompts; i++) multiplicities[row + Rng.int(rng, prompts)]!++
  return multiplicities
}

const keptDraws = (prompts: number, resampling: Resampling): Uint32Array => {
  const found = kept.get(resampling)
  if (found?.prompts === prompts) return found.multiplicities
  const multiplicities = drawAll(prompts, resampling)
  kept.set(resampling, { prompts, multiplicities })
  return multiplicities
}

/** Calls `visit` with each draw; where they are too many to keep, one array serves for all. */
const forEachDraw = (prompts: number, resampling: Resampling, visit: (multiplicity: Uint32Array) => void): void => {
  const { seed, draws } = resampling
  if (draws * prompts <= KEPT) {
    const all = keptDraws(prompts, resampling)
    for (let row = 0; row < all.length; row += prompts) visit(all.subarray(row, row + prompts))
    return
  }
  const rng = Rng.make(seed, "bootstrap", prompts)
  const multiplicity = new Uint32Array(prompts)
  for (let draw = 0; draw < draws; draw++) {
    multiplicity.fill(0)
    for (let i = 0; i < prompts; i++) multiplicity[Rng.int(rng, prompts)]!++
    visit(multiplicity)
  }
}

/**
 * 95% percentile interval of a statistic over resampled prompts.
 *
 * A draw is given to `statistic` as how often each prompt was drawn, so a statistic that is a function of
 * per-prompt sums costs one pass over the prompts a draw, however many rows stand behind them.
 * The same seed and number of prompts give the same draws, so differences of intervals are paired.
 *
 * @param prompts number of prompts B, at least 2 for a spread to exist
 * @param statistic from multiplicities [B] (sum B), which it must not change, to the statistic, or NaN where the draw
 *   does not define it
 * @returns the interval, or `undefined` when no draw defines the statistic
 */
export const interval = (
  prompts: number,
  statistic: (multiplicity: Uint32Array) => number,
  resampling: Resampling
): readonly [number, number] | undefined => {
  const values = new Float64Array(resampling.draws)
  let defined = 0
  forEachDraw(prompts, resampling, (multiplicity) => {
    const value = statistic(multiplicity)
    if (Number.isFinite(value)) values[defined++] = value
  })
  if (defined === 0) return undefined
  const sorted = values.subarray(0, defined).sort()
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)]
}
