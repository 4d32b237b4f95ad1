/** Added to a standard deviation before dividing by it: groups of equal rewards give zero advantage. */
export const STD_FLOOR = 1e-4

/** 0 for none. */
export const mean = (xs: ReadonlyArray<number>): number => xs.reduce((s, x) => s + x, 0) / Math.max(1, xs.length)

const squares = (xs: ReadonlyArray<number>): number => {
  const m = mean(xs)
  return xs.reduce((s, x) => s + (x - m) ** 2, 0)
}

/** With the unbiased denominator n - 1; 0 for fewer than two. */
export const sampleStd = (xs: ReadonlyArray<number>): number =>
  xs.length < 2 ? 0 : Math.sqrt(squares(xs) / (xs.length - 1))

/** With denominator n; 0 for none. */
export const populationStd = (xs: ReadonlyArray<number>): number => Math.sqrt(squares(xs) / Math.max(1, xs.length))
