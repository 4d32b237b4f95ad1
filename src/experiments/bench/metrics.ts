import {
  aurocPooled,
  aurocWithinPrompt,
  bestOfN,
  bestOfNPerPrompt,
  brierScore,
  differenceOverPrompts,
  expectedCalibrationError,
  type Measurement,
  passAtK,
  Resamplings,
  randomPickPerPrompt
} from "../../core/evaluation/index.ts"

/** Rows of B prompts with N completions each; both sides make the same ones. */
const rows = (B: number, N: number) =>
  Array.from({ length: B }, (_, b) => {
    const places = Array.from({ length: N }, (_, i) => b * N + i)
    const correct = places.map((r) => (r * 7919) % 1000 < 200 + 6 * ((b * 31) % 100))
    const scores = places.map((r, i) => Math.sin(r * 12.9898) + (correct[i] === true ? 0.5 : 0))
    return { correct, scores, probabilities: scores.map((s) => (s + 1) / 2.5) }
  })

/** A table of metrics with their intervals, as a run prints it: pass@k, reranking and its gain, separation, calibration. */
export const metricsTable = (B: number, N: number, draws: number): (() => ReadonlyArray<Measurement>) => {
  const pools = rows(B, N)
  const correct = pools.map((pool) => pool.correct)
  return () => {
    // Of its own in each repetition, so that each draws its own samples.
    const resampling = { ...Resamplings.standard, draws }
    return [
      passAtK(correct, 1, resampling),
      passAtK(correct, 5, resampling),
      bestOfN(pools, N, resampling),
      differenceOverPrompts(bestOfNPerPrompt(pools, N), randomPickPerPrompt(correct), resampling),
      aurocPooled(pools, resampling),
      aurocWithinPrompt(pools, resampling),
      expectedCalibrationError(pools, resampling),
      brierScore(pools, resampling)
    ]
  }
}
