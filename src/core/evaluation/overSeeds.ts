import { estimate, type Measurement, notAvailable } from "./Measurement.ts"

/**
 * P(|t| <= x) for Student's t with integer degrees of freedom, by its finite series.
 *
 * @see Abramowitz and Stegun, 26.7.3 and 26.7.4
 */
const centralProbability = (x: number, degrees: number): number => {
  const angle = Math.atan(x / Math.sqrt(degrees))
  const cosine2 = Math.cos(angle) ** 2
  const odd = degrees % 2 === 1
  let term = odd ? Math.cos(angle) : 1
  let series = degrees === 1 ? 0 : term
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cosine2 * (k - 1)) / k
    series += term
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * series) : Math.sin(angle) * series
}

/** The two-sided 95% quantile of Student's t, e.g. 2.776 for 4 degrees of freedom. */
export const studentT95 = (degrees: number): number => {
  let low = 0
  let high = 16
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2
    if (centralProbability(middle, degrees) < 0.95) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/**
 * Mean over runs that differ in their seed only, with the Student-t interval mean ± t_{.975, n-1} s / sqrt(n).
 *
 * Two runs or more are needed: one run says nothing about the spread over seeds.
 *
 * @param values one result a seed
 */
export const meanOverSeeds = (values: ReadonlyArray<number>): Measurement => {
  const n = values.length
  if (n < 2) return notAvailable(`an interval over seeds needs at least 2 runs, not ${n}`)
  if (!values.every(Number.isFinite)) return notAvailable("a run has no finite value")
  const mean = values.reduce((a, b) => a + b, 0) / n
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1)
  const half = studentT95(n - 1) * Math.sqrt(variance / n)
  return estimate(mean, [mean - half, mean + half], n)
}
