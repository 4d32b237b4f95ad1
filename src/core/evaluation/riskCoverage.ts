import type { ScoredPool } from "./bestOfN.ts"
import { estimate, type Measurement, notAvailable } from "./Measurement.ts"
import * as RankedRows from "./RankedRows.ts"
import { interval, type Resampling } from "./Resampling.ts"

/** Answering only what is scored best: the share answered, and the share of it that is wrong. */
export interface RiskPoint {
  readonly coverage: number
  readonly risk: number
  /** The lowest score that is answered. */
  readonly score: number
}

/** The curve, one point a distinct score, from the surest on; completions without a finite score come last. */
export const riskCoverageCurve = (pools: ReadonlyArray<ScoredPool>): ReadonlyArray<RiskPoint> => {
  const rows = pools.flatMap(({ correct, scores }) => scores.map((score, i) => ({ score, wrong: !correct[i] })))
  const blocks = Map.groupBy(rows, ({ score }) => (Number.isFinite(score) ? score : Number.NaN))
  const scores = [...blocks.keys()].sort((a, b) => (Number.isNaN(a) ? 1 : Number.isNaN(b) ? -1 : b - a))
  let answered = 0
  let wrong = 0
  return scores.map((score) => {
    const block = blocks.get(score)!
    answered += block.length
    wrong += block.filter((row) => row.wrong).length
    return { coverage: answered / rows.length, risk: wrong / answered, score }
  })
}

/** H_0 .. H_n, the harmonic numbers. */
const harmonics = (n: number): Float64Array => {
  const out = new Float64Array(n + 1)
  for (let i = 1; i <= n; i++) out[i] = out[i - 1]! + 1 / i
  return out
}

/**
 * The area as a function of how often each prompt is drawn. A block of s ties with w wrong ones, after A answered and W
 * wrong, adds Σ_{o=1..s} (W + o w/s)/(A + o) = w + (W - A w/s)(H_{A+s} - H_A).
 *
 * @param most rows that a draw can have
 */
const weightedArea = ({ prompt, positive, ends }: RankedRows.RankedRows, most: number) => {
  const harmonic = harmonics(most)
  return (multiplicity: Uint32Array): number => {
    let answered = 0
    let wrongBefore = 0
    let sum = 0
    let row = 0
    for (let block = 0; block < ends.length; block++) {
      const end = ends[block]!
      let right = 0
      let wrong = 0
      for (; row < end; row++) {
        const weight = multiplicity[prompt[row]!]!
        if (positive[row] === 1) right += weight
        else wrong += weight
      }
      const size = right + wrong
      if (size === 0) continue
      const steps = harmonic[answered + size]! - harmonic[answered]!
      sum += wrong + (wrongBefore - (answered * wrong) / size) * steps
      answered += size
      wrongBefore += wrong
    }
    return sum / answered
  }
}

/**
 * Area under the risk-coverage curve: the mean, over how many are answered, of the share of wrong ones among them;
 * ties by expectation. The error rate for a score that says nothing; lower is better. Intervals resample prompts.
 */
export const areaUnderRiskCoverage = (pools: ReadonlyArray<ScoredPool>, resampling: Resampling): Measurement => {
  const rows = RankedRows.make(pools)
  const area = weightedArea(rows, pools.length * pools.reduce((n, pool) => Math.max(n, pool.scores.length), 0))
  if (rows.prompt.length === 0) return notAvailable("no completions")
  const value = area(new Uint32Array(pools.length).fill(1))
  const ci95 = pools.length === 1 ? undefined : interval(pools.length, area, resampling)
  return estimate(value, ci95 ?? [0, 1], pools.length)
}
