import { type StepRules, Steps } from "../text/index.ts"

/** A completion as a granularity sees it: token ids, and the text piece of each. */
export interface Completion {
  readonly ids: ReadonlyArray<number>
  /** Joined, they are the completion's text. */
  readonly pieces: ReadonlyArray<string>
}

/** A division of a completion's T tokens into consecutive units, each rewarded at its last token. */
export interface Partition {
  /** Index of the last token of each unit, strictly increasing; the last is T-1. Empty when T = 0. */
  readonly ends: ReadonlyArray<number>
  /** Unit of each token, [T]. */
  readonly unitOf: Int32Array
}

/**
 * At which tokens a reward is given. A granularity is nothing but this function with a name, so a user's own is on an
 * equal footing with those below.
 */
export interface Granularity {
  readonly name: string
  readonly partition: (completion: Completion) => Partition
}

/** The partition whose units end where `isEnd` holds, and at the last token. */
export const partitionAt = (length: number, isEnd: (token: number) => boolean): Partition => {
  const ends: Array<number> = []
  const unitOf = new Int32Array(length)
  for (let t = 0; t < length; t++) {
    unitOf[t] = ends.length
    if (t === length - 1 || isEnd(t)) ends.push(t)
  }
  return { ends, unitOf }
}

/** One reward for the whole completion, at its last token. */
export const sparse: Granularity = { name: "sparse", partition: ({ ids }) => partitionAt(ids.length, () => false) }

/** One reward a token. */
export const dense: Granularity = { name: "dense", partition: ({ ids }) => partitionAt(ids.length, () => true) }

/** One reward every n tokens, counted from the completion's first, and at the last. @throws RangeError unless n >= 1 */
export const interval = (n: number): Granularity => {
  if (!(Number.isInteger(n) && n >= 1)) throw new RangeError(`interval(n) needs an integer n >= 1, got ${n}.`)
  return {
    name: `interval${n}`,
    partition: ({ ids }) => partitionAt(ids.length, (t) => (t + 1) % n === 0)
  }
}

/** One reward a reasoning step, at the token that ends it. */
export const stepwise = (rules: StepRules = Steps.prose): Granularity => ({
  name: "stepwise",
  partition: ({ pieces }) => {
    const ends = rules(pieces)
    return partitionAt(pieces.length, (t) => ends[t] === true)
  }
})

/** The reward of each unit, taken from one value a token: values [T], result one a unit. */
export const atEnds = (partition: Partition, values: ArrayLike<number>): ReadonlyArray<number> =>
  partition.ends.map((t) => values[t]!)

/** Every token takes the reward of its unit, that is of the next unit end at or after it: result [T]. */
export const overTokens = (partition: Partition, units: ReadonlyArray<number>): Float64Array =>
  Float64Array.from(partition.unitOf, (unit) => units[unit]!)

/** Whether every unit of `coarse` is a union of units of `fine`. */
export const refines = (fine: Partition, coarse: Partition): boolean => coarse.ends.every((t) => fine.ends.includes(t))
