/**
 * The padded size for n: the next multiple of `step`, or of a quarter of n's largest power of two once that is
 * more, so that at most a quarter is padding and there are few different sizes.
 */
export const bucket = (n: number, step: number): number => {
  const grain = Math.max(step, 2 ** Math.floor(Math.log2(Math.max(n, 1))) / 4)
  return Math.max(grain, Math.ceil(n / grain) * grain)
}

/** Rows of the smallest program for n sequences: a power of two, at most `batchSize`. */
export const batchRows = (n: number, batchSize: number): number => Math.min(batchSize, 2 ** Math.ceil(Math.log2(n)))

/** Sequences that run together. */
export interface Batch {
  /** Columns of the padded prompts. */
  readonly width: number
  /** Indices of the requests, at most `batchSize`. */
  readonly members: ReadonlyArray<number>
}

/**
 * Splits requests into batches of prompts of one padded width, in order of width, then of request.
 * A prompt's width depends on its own length alone, so its neighbours cannot change its arithmetic.
 */
export const batches = (lengths: ReadonlyArray<number>, batchSize: number, step: number): ReadonlyArray<Batch> => {
  const byWidth = Map.groupBy(lengths.keys(), (i) => bucket(lengths[i]!, step))
  return [...byWidth]
    .sort(([a], [b]) => a - b)
    .flatMap(([width, members]) =>
      Array.from({ length: Math.ceil(members.length / batchSize) }, (_, i) => ({
        width,
        members: members.slice(i * batchSize, (i + 1) * batchSize)
      }))
    )
}
