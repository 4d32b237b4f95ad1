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

const kept = new WeakMap<Resampling, ReadonlyArray<Uint32Array>>()

/** How often each prompt is drawn, draw by draw, each in the array that `fresh` gives. */
function* drawn(prompts: number, { seed, draws }: Resampling, fresh: () => Uint32Array): Generator<Uint32Array> {
  const rng = Rng.make(seed, "bootstrap", prompts)
  for (let draw = 0; draw < draws; draw++) {
    const multiplicity = fresh().fill(0)
    for (let i = 0; i < prompts; i++) multiplicity[Rng.int(rng, prompts)]!++
    yield multiplicity
  }
}

/** All draws; where they are too many to keep, one array serves for all. */
const everyDraw = (prompts: number, resampling: Resampling): Iterable<Uint32Array> => {
  if (resampling.draws * prompts > KEPT) {
    const one = new Uint32Array(prompts)
    return drawn(prompts, resampling, () => one)
  }
  const found = kept.get(resampling)
  if (found?.[0]?.length === prompts) return found
  const all = [...drawn(prompts, resampling, () => new Uint32Array(prompts))]
  kept.set(resampling, all)
  return all
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
  for (const multiplicity of everyDraw(prompts, resampling)) {
    const value = statistic(multiplicity)
    if (Number.isFinite(value)) values[defined++] = value
  }
  if (defined === 0) return undefined
  const sorted = values.subarray(0, defined).sort()
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)]
}
