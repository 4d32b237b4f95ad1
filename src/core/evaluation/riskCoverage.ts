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

/**
 * Area under the risk-coverage curve: the mean, over how many are answered, of the share of wrong ones among them;
 * ties by expectation. The error rate for a score that says nothing; lower is better. Intervals resample prompts.
 */
export const areaUnderRiskCoverage = (pools: ReadonlyArray<ScoredPool>, resampling: Resampling): Measurement => {
  const rows = RankedRows.make(pools)
  const area = (multiplicity: Uint32Array): number => {
    let answered = 0
    let wrongBefore = 0
    let sum = 0
    RankedRows.forEachBlock(rows, multiplicity, (right, wrong) => {
      const size = right + wrong
      for (let o = 1; o <= size; o++) sum += (wrongBefore + (o * wrong) / size) / (answered + o)
      answered += size
      wrongBefore += wrong
    })
    return sum / answered
  }
  if (rows.prompt.length === 0) return notAvailable("no completions")
  const value = area(new Uint32Array(pools.length).fill(1))
  const ci95 = pools.length === 1 ? undefined : interval(pools.length, area, resampling)
  return estimate(value, ci95 ?? [0, 1], pools.length)
}
