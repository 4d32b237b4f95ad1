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
 *
 * @see specs/12-steps.md
 */
export interface Granularity {
  readonly name: string
  readonly partition: (completion: TokenSequence) => Partition
}

/**
 * The partition with these unit ends, in any order. A last unit is added where they stop short of T-1.
 *
 * @throws RangeError when an end is no token of the completion
 */
export const fromEnds = (ends: Iterable<number>, T: number): Partition => {
  const closed = new Set(ends)
  for (const end of closed)
    if (!(Number.isInteger(end) && end >= 0 && end < T))
      throw new RangeError(`Unit end ${end} is no token of a completion of ${T} tokens.`)
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

/** Whether a partition of T tokens is sound: total, ordered, its two forms in agreement. A law for own granularities. */
export const isPartition = ({ ends, unitOf }: Partition, T: number): boolean =>
  unitOf.length === T &&
  (T === 0 ? ends.length === 0 : ends.at(-1) === T - 1) &&
  ends.every((end, k) => (k === 0 ? end >= 0 : end > ends[k - 1]!)) &&
  unitOf.every((unit, t) => t <= ends[unit]! && (unit === 0 || t > ends[unit - 1]!))

/** Whether every unit of `coarse` is made of whole units of `fine`. */
export const refines = (fine: Partition, coarse: Partition): boolean => {
  const ends = new Set(fine.ends)
  return coarse.ends.every((end) => ends.has(end))
}

/** First token of each unit: [K]. */
export const starts = ({ ends }: Partition): Int32Array =>
  Int32Array.from(ends, (_, k) => (k === 0 ? 0 : ends[k - 1]! + 1))

/** Index of the unit that holds a token, e.g. the first changed one. */
export const unitAt = ({ unitOf }: Partition, token: number): number | undefined => unitOf[token]

/** Every token gets the value of its unit, i.e. of the next unit end at or after it: [K] to [T]. */
export const backFill = ({ unitOf }: Partition, units: ArrayLike<number>): Float64Array =>
  Float64Array.from(unitOf, (unit) => units[unit]!)

/** The value of each unit at its last token: [T] to [K]. Undoes `backFill`. */
export const atEnds = ({ ends }: Partition, tokens: ArrayLike<number>): Float64Array =>
  Float64Array.from(ends, (end) => tokens[end]!)

/** Mean of the token values of each unit: [T] to [K]. Undoes `backFill` up to rounding. */
export const unitMeans = ({ ends, unitOf }: Partition, tokens: ArrayLike<number>): Float64Array => {
  const sums = new Float64Array(ends.length)
  const counts = new Float64Array(ends.length)
  for (const [t, unit] of unitOf.entries()) {
    sums[unit]! += tokens[t]!
    counts[unit]!++
  }
  return sums.map((sum, k) => sum / counts[k]!)
}
