/**
 * From the rewards of a trace's tokens or units to one trace score (higher is better).
 *
 * Non-finite rewards are left out; a trace without a finite reward scores NaN, which ranks last everywhere.
 */
export interface Selector {
  readonly name: string
  readonly select: (rewards: ReadonlyArray<number>) => number
}

/** A selector from a function of the finite rewards; it sees at least one. */
export const make = (name: string, select: (finite: ReadonlyArray<number>) => number): Selector => ({
  name,
  select: (rewards) => {
    const finite = rewards.filter(Number.isFinite)
    return finite.length === 0 ? Number.NaN : select(finite)
  }
})

const total = (xs: ReadonlyArray<number>): number => xs.reduce((a, b) => a + b, 0)
const average = (xs: ReadonlyArray<number>): number => total(xs) / xs.length

/** Arithmetic mean. Over log-probs it is the mean token log-prob. */
export const mean = make("mean", average)

/** Sum: grows with length, so long traces win where rewards are positive. */
export const sum = make("sum", total)

/** The worst unit, the usual choice for process rewards. */
export const min = make("min", (xs) => xs.reduce((a, b) => Math.min(a, b)))

/** The last unit. */
export const last = make("last", (xs) => xs.at(-1)!)

/**
 * Discounted mean with the newest weight 1: sum_t γ^(T-1-t) r_t / sum_t γ^(T-1-t).
 *
 * Positions count over the whole trace, so a missing reward does not shift the others' weights.
 * @param gamma in (0, 1]; 1 gives the mean
 */
export const discounted = (gamma: number): Selector => ({
  name: `discounted(${gamma})`,
  select: (rewards) => {
    let numerator = 0
    let denominator = 0
    for (const r of rewards) {
      numerator *= gamma
      denominator *= gamma
      if (!Number.isFinite(r)) continue
      numerator += r
      denominator += 1
    }
    return numerator / denominator
  }
})

/** Mean of the last three. */
export const tail3 = make("tail3", (xs) => average(xs.slice(-3)))

/** Mean of the three largest. */
export const top3 = make("top3", (xs) => average([...xs].sort((a, b) => b - a).slice(0, 3)))

/** Mean under the weights softmax(2 r): leans to the large rewards. */
export const softmax2 = make("softmax2", (xs) => {
  const peak = xs.reduce((a, b) => Math.max(a, b))
  const weights = xs.map((x) => Math.exp(2 * (x - peak)))
  return total(xs.map((x, t) => x * weights[t]!)) / total(weights)
})

/** Mean without the floor(T / 10) smallest and largest; the plain mean below T = 10. */
export const trimmed10 = make("trimmed10", (xs) => {
  const cut = Math.floor(xs.length / 10)
  return average([...xs].sort((a, b) => a - b).slice(cut, xs.length - cut))
})

/** Root mean square of the rewards shifted to be positive, shifted back: leans to the large rewards. */
export const power2 = make("power2", (xs) => {
  const shift =
    1e-8 -
    Math.min(
      0,
      xs.reduce((a, b) => Math.min(a, b))
    )
  return Math.sqrt(average(xs.map((x) => (x + shift) ** 2))) - shift
})

/** Half-open range of tokens. */
export interface TokenSpan {
  readonly start: number
  readonly end: number
}

/**
 * Weighted mean with the answer's tokens weighing `factor`; where the answer is not found, the last fifth of the tokens.
 *
 * @param span where the answer stands, found by its tags: a word "answer" in the reasoning is none
 */
export const answerBoost = (factor: number, span: TokenSpan | undefined): Selector => ({
  name: `answerBoost(${factor})`,
  select: (rewards) => {
    const { start, end } = span ?? { start: Math.floor(0.8 * rewards.length), end: rewards.length }
    let numerator = 0
    let denominator = 0
    for (const [t, r] of rewards.entries()) {
      if (!Number.isFinite(r)) continue
      const weight = t >= start && t < end ? factor : 1
      numerator += weight * r
      denominator += weight
    }
    return numerator / denominator
  }
})

/** Every selector without a free parameter, and the usual discount. */
export const all: ReadonlyArray<Selector> = [
  mean,
  sum,
  min,
  last,
  discounted(0.95),
  tail3,
  top3,
  softmax2,
  power2,
  trimmed10
]

/** The selector of a name, `discounted` being that with the usual discount; `undefined` where there is none. */
export const named = (name: string): Selector | undefined =>
  all.find((selector) => selector.name === name || selector.name.startsWith(`${name}(`))
