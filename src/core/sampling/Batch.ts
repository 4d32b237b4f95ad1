/**
 * The padded size for n: the next multiple of `step`, or of a quarter of n's largest power of two once that is
 * more, so that at most a quarter is padding and there are few different sizes.
 */
export const bucket = (n: number, step: number): number => {
  const grain = Math.max(step, 2 ** Math.floor(Math.log2(Math.max(n, 1))) / 4)
  return Math.max(grain, Math.ceil(n / grain) * grain)
}

const smallest = (n: number, most: number, parts: ReadonlyArray<number>): number =>
  parts.map((part) => Math.ceil(most / part)).find((rows) => n <= rows) ?? most

/** Rows of the smallest program for n sequences: all, half or a quarter of `batchSize`, so that there are few. */
export const batchRows = (n: number, batchSize: number): number => smallest(n, batchSize, [4, 2])

/** Prompts in which n distinct ones are read for B rows. */
export const promptRows = (n: number, B: number): number => smallest(n, B, [8, 4, 2])

/** The distinct prompts of a batch in their order, and for each row which one is its own. */
export const distinct = (
  prompts: ReadonlyArray<ReadonlyArray<number>>
): { readonly prompts: ReadonlyArray<ReadonlyArray<number>>; readonly owners: ReadonlyArray<number> } => {
  const found = new Map<string, number>()
  const owners = prompts.map((prompt) => {
    const key = prompt.join()
    const known = found.get(key) ?? found.size
    found.set(key, known)
    return known
  })
  return { prompts: [...found.values()].map((i) => prompts[owners.indexOf(i)]!), owners }
}

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
