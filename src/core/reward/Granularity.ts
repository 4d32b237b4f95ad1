/**
 * A completion as a granularity sees it: T token ids, and the text that each token adds.
 *
 * Both count from the first completion token, whatever the prompt was; the stop token is part of it.
 */
export interface TokenSequence {
  /** [T] */
  readonly ids: ReadonlyArray<number>
  /** [T] text that each token adds to the decoded completion (`pieces` of core/text); their concatenation is the text. */
  readonly pieces: ReadonlyArray<string>
}

/** T completion tokens cut into K consecutive units, each with the token that carries its reward: its last. */
export interface Partition {
  /** [K] index of the last token of each unit, strictly increasing; the last is T-1. Empty iff T = 0. */
  readonly ends: Int32Array
  /** [T] unit of each token, non-decreasing from 0 to K-1. */
  readonly unitOf: Int32Array
}

/**
 * What one reward is attached to: the whole completion, a step, every n-th token, a token, or what the user defines.
 *
 * Losses and advantages see the partition alone, so one formula serves every granularity.
 */
export interface Granularity {
  readonly name: string
  readonly partition: (completion: TokenSequence) => Partition
}

/** The partition with these unit ends. A last unit is added where the ends stop short of T-1. */
export const fromEnds = (ends: Iterable<number>, T: number): Partition => {
  const closed = new Set(ends)
  if (T > 0) closed.add(T - 1)
  const sorted = Int32Array.from(closed).sort()
  const unitOf = new Int32Array(T)
  let unit = 0
  for (let t = 0; t < T; t++) {
    unitOf[t] = unit
    if (sorted[unit] === t) unit++
  }
  return { ends: sorted, unitOf }
}
