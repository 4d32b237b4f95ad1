import fc from "fast-check"

/** A small pool: correctness, scores with many ties (some NaN), answers drawn from few, some missing. */
export const pool = (maxSize = 6) =>
  fc.integer({ min: 1, max: maxSize }).chain((N) =>
    fc.record({
      correct: fc.array(fc.boolean(), { minLength: N, maxLength: N }),
      scores: fc.array(
        fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -2, max: 2 }) }, { weight: 1, arbitrary: fc.constant(NaN) }),
        { minLength: N, maxLength: N }
      ),
      answers: fc.array(fc.constantFrom("a", "b", "c", undefined), { minLength: N, maxLength: N })
    })
  )

/** Every n-subset of 0..N-1. */
export const subsets = (N: number, n: number): ReadonlyArray<ReadonlyArray<number>> => {
  if (n === 0) return [[]]
  if (N < n) return []
  return [...subsets(N - 1, n), ...subsets(N - 1, n - 1).map((s) => [...s, N - 1])]
}

/** Every order of the items. */
export const permutations = <A>(items: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  items.length <= 1
    ? [items]
    : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))

/** Arithmetic mean. */
export const mean = (xs: ReadonlyArray<number>): number => xs.reduce((a, b) => a + b, 0) / xs.length
