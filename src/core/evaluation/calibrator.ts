import type { ScoredPool } from "./bestOfN.ts"
import type { ProbabilityPool } from "./calibration.ts"

/** From a score to the probability that the completion is correct; NaN for a score that is not finite. */
export type Calibrator = (score: number) => number

/** Fits a calibrator to scored completions whose correctness is known. */
export type Fit = (scores: ReadonlyArray<number>, correct: ReadonlyArray<boolean>) => Calibrator

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

const finiteOnly = (method: Fit): Fit => {
  return (scores, correct) => {
    const kept = [...scores.keys()].filter((i) => Number.isFinite(scores[i]))
    const of = method(
      kept.map((i) => scores[i]!),
      kept.map((i) => correct[i]!)
    )
    return (score) => (Number.isFinite(score) ? of(score) : Number.NaN)
  }
}

/**
 * Platt scaling: p = sigmoid(a s + b) by maximum likelihood, with targets drawn in to (n₊+1)/(n₊+2) and 1/(n₋+2), so
 * that separable scores have a finite fit. Scores are standardised first; Newton steps are halved until they help.
 *
 * @see Platt 1999; Lin, Lin and Weng 2007
 */
export const platt: Fit = finiteOnly((scores, correct) => {
  const n = scores.length
  const positives = correct.filter(Boolean).length
  const target = correct.map((c) => (c ? (positives + 1) / (positives + 2) : 1 / (n - positives + 2)))
  const centre = scores.reduce((a, b) => a + b, 0) / Math.max(n, 1)
  const spread = Math.sqrt(scores.reduce((s, x) => s + (x - centre) ** 2, 0) / n) || 1
  const xs = scores.map((x) => (x - centre) / spread)
  const loss = (a: number, b: number): number =>
    xs.reduce((sum, x, i) => {
      const z = a * x + b
      return sum + Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target[i]! * z
    }, 0)
  let a = 0
  let b = Math.log((positives + 1) / (n - positives + 1))
  for (let step = 0, now = loss(a, b); step < 100; step++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 1e-12, 0, 1e-12]
    for (const [i, x] of xs.entries()) {
      const p = sigmoid(a * x + b)
      const w = p * (1 - p)
      ga += (p - target[i]!) * x
      gb += p - target[i]!
      haa += w * x * x
      hab += w * x
      hbb += w
    }
    const det = haa * hbb - hab * hab
    const [da, db] = [-(hbb * ga - hab * gb) / det, -(haa * gb - hab * ga) / det]
    let rate = 1
    let next = loss(a + da, b + db)
    while (!(next <= now) && rate > 1e-10) {
      rate /= 2
      next = loss(a + rate * da, b + rate * db)
    }
    if (!(next < now)) break
    a += rate * da
    b += rate * db
    now = next
  }
  return (score) => sigmoid((a * (score - centre)) / spread + b)
})

/**
 * Isotonic regression: the non-decreasing step values closest to correctness in squares (pooled adjacent violators),
 * linear between the scores seen, constant beyond them.
 *
 * @see Zadrozny and Elkan 2002
 */
export const isotonic: Fit = finiteOnly((scores, correct) => {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!)
  const blocks: Array<{ low: number; high: number; sum: number; count: number }> = []
  for (const i of order) {
    const last = blocks.at(-1)
    const [score, label] = [scores[i]!, correct[i] === true ? 1 : 0]
    if (last?.high === score) {
      last.sum += label
      last.count += 1
    } else blocks.push({ low: score, high: score, sum: label, count: 1 })
  }
  const pooled: typeof blocks = []
  for (const block of blocks) {
    pooled.push(block)
    for (let top = pooled.at(-1)!, under = pooled.at(-2); under !== undefined; under = pooled.at(-2)) {
      if (under.sum * top.count < top.sum * under.count) break
      pooled.pop()
      under.high = top.high
      under.sum += top.sum
      under.count += top.count
      top = under
    }
  }
  const knots = pooled.flatMap(({ low, high, sum, count }) => [low, high].map((x) => ({ x, y: sum / count })))
  return (score) => {
    if (knots.length === 0) return Number.NaN
    const above = knots.findIndex(({ x }) => x >= score)
    if (above < 0) return knots.at(-1)!.y
    const [right, left] = [knots[above]!, knots[above - 1]]
    if (left === undefined) return right.y
    return left.y + ((score - left.x) / (right.x - left.x)) * (right.y - left.y)
  }
})

const applied = (pools: ReadonlyArray<ScoredPool>, calibrator: Calibrator): ReadonlyArray<ProbabilityPool> =>
  pools.map(({ correct, scores }) => {
    const kept = [...scores.keys()].filter((i) => Number.isFinite(scores[i]))
    return { correct: kept.map((i) => correct[i]!), probabilities: kept.map((i) => calibrator(scores[i]!)) }
  })

const fitted = (method: Fit, pools: ReadonlyArray<ScoredPool>): Calibrator =>
  method(
    pools.flatMap((pool) => pool.scores),
    pools.flatMap((pool) => pool.correct)
  )

/** Probabilities of the completions by a calibrator fitted to other prompts; those without a finite score are left out. */
export const calibrate = (
  method: Fit,
  heldOut: ReadonlyArray<ScoredPool>,
  pools: ReadonlyArray<ScoredPool>
): ReadonlyArray<ProbabilityPool> => applied(pools, fitted(method, heldOut))

/**
 * As `calibrate` where no held-out prompts are at hand: the prompts at even places are judged by the fit to those at odd
 * places, and the other way round. No prompt is judged by a fit that saw it.
 */
export const crossCalibrate = (method: Fit, pools: ReadonlyArray<ScoredPool>): ReadonlyArray<ProbabilityPool> => {
  const half = (parity: number) => pools.filter((_, i) => i % 2 === parity)
  const [even, odd] = [applied(half(0), fitted(method, half(1))), applied(half(1), fitted(method, half(0)))]
  return pools.map((_, i) => (i % 2 === 0 ? even : odd)[i >> 1]!)
}
