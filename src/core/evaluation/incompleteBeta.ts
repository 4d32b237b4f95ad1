/** Lanczos coefficients for g = 7. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7
]

/** ln Γ(x) for x >= 1/2. */
const logGamma = (x: number): number => {
  const z = x - 1
  const sum = LANCZOS.reduce((s, c, i) => (i === 0 ? c : s + c / (z + i)), 0)
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(z + 7.5) - (z + 7.5) + Math.log(sum)
}

/** The continued fraction of the incomplete beta function, by Lentz's method; quick for x < (a + 1) / (a + b + 2). */
const continuedFraction = (x: number, a: number, b: number): number => {
  const tiny = 1e-300
  const away = (y: number): number => (Math.abs(y) < tiny ? tiny : y)
  let c = 1
  let d = 1 / away(1 - ((a + b) * x) / (a + 1))
  let value = d
  for (let m = 1; m <= 300; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / away(1 + even * d)
    c = away(1 + even / c)
    value *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / away(1 + odd * d)
    c = away(1 + odd / c)
    const factor = d * c
    value *= factor
    if (Math.abs(factor - 1) < 1e-15) break
  }
  return value
}

/**
 * The regularised incomplete beta function I_x(a, b), for a, b >= 1/2 and x in [0, 1].
 *
 * @see Abramowitz and Stegun, 26.5.8
 */
export const incompleteBeta = (x: number, a: number, b: number): number => {
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x))
  return x < (a + 1) / (a + b + 2)
    ? (front * continuedFraction(x, a, b)) / a
    : 1 - (front * continuedFraction(1 - x, b, a)) / b
}

/** P(|t| > x) for Student's t; degrees of freedom >= 1, which need not be whole. */
export const studentTail = (x: number, degrees: number): number =>
  incompleteBeta(degrees / (degrees + x * x), degrees / 2, 0.5)
