/** Mean and standard deviation over n (not n - 1) of the finite values, and how many those are. */
export interface MeanAndStd {
  readonly mean: number
  readonly std: number
  readonly n: number
}

/**
 * In two passes: the mean of squares less the square of the mean loses every digit of a small spread around a large
 * mean, and may fall below 0.
 *
 * @returns `undefined` without a finite value
 */
export const meanAndStd = (values: ReadonlyArray<number>): MeanAndStd | undefined => {
  const finite = values.filter(Number.isFinite)
  const n = finite.length
  if (n === 0) return undefined
  const mean = finite.reduce((a, b) => a + b, 0) / n
  return { mean, std: Math.sqrt(finite.reduce((s, x) => s + (x - mean) ** 2, 0) / n), n }
}
