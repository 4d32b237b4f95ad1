import type { ScoredPool } from "./bestOfN.ts"
import { estimate, type Measurement, notAvailable } from "./Measurement.ts"
import { meanOverPrompts } from "./overPrompts.ts"
import * as RankedRows from "./RankedRows.ts"
import * as Ranking from "./Ranking.ts"
import { interval, type Resampling } from "./Resampling.ts"

/**
 * Probability that a correct completion outscores a wrong one, ties counting half:
 * (sum over pairs of [s+ > s-] + [s+ = s-] / 2) / (m * (N - m)). Non-finite scores rank last.
 *
 * @returns a share in [0, 1], or `undefined` when one class is absent
 */
export const aurocOf = ({ correct, scores }: ScoredPool): number | undefined => {
  let wins = 0
  let positives = 0
  let negatives = 0
  for (const block of Ranking.tieBlocks(scores, correct)) {
    const wrong = block.size - block.correct
    wins += wrong * (positives + block.correct / 2)
    positives += block.correct
    negatives += wrong
  }
  return positives === 0 || negatives === 0 ? undefined : wins / (positives * negatives)
}

const oneClass = (pools: ReadonlyArray<ScoredPool>): string => {
  const all = pools.flatMap((pool) => pool.correct)
  if (all.length === 0) return "no completions"
  return all.some(Boolean) ? "no wrong completion" : "no correct completion"
}

/**
 * AUROC over all completions together. It mixes telling easy prompts from hard ones with telling right from
 * wrong; reranking needs only the latter, which `aurocWithinPrompt` measures. Intervals resample prompts.
 */
export const aurocPooled = (pools: ReadonlyArray<ScoredPool>, resampling: Resampling): Measurement => {
  const drawn = weightedAuroc(pools)
  const value = drawn(new Uint32Array(pools.length).fill(1))
  if (!Number.isFinite(value)) return notAvailable(oneClass(pools))
  const range = [0, 1] as const
  const ci95 = pools.length === 1 ? range : (interval(pools.length, drawn, resampling) ?? range)
  return estimate(value, ci95, pools.length)
}

/**
 * AUROC as a function of how often each prompt is drawn.
 *
 * Wrong rows stand before right ones of equal score, so a wrong row meets the right ones before it that beat it; half a
 * win for each pair of a tie is added after. A draw is one pass without branches over typed arrays.
 */
const weightedAuroc = (pools: ReadonlyArray<ScoredPool>): ((multiplicity: Uint32Array) => number) => {
  const { prompt, positive, ends } = RankedRows.make(pools)
  const isRight = Float64Array.from(positive)
  const rows = prompt.length
  const ties = [...ends.keys()]
    .map((block) => ({ start: block === 0 ? 0 : ends[block - 1]!, end: ends[block]! }))
    .filter(({ start, end }) => end - start > 1)
  return (multiplicity) => {
    let wins = 0
    let positives = 0
    let total = 0
    for (let row = 0; row < rows; row++) {
      const weight = multiplicity[prompt[row]!]!
      const right = weight * isRight[row]!
      wins += (weight - right) * positives
      positives += right
      total += weight
    }
    for (const { start, end } of ties) {
      let right = 0
      let wrong = 0
      for (let row = start; row < end; row++) {
        const weight = multiplicity[prompt[row]!]!
        right += weight * isRight[row]!
        wrong += weight * (1 - isRight[row]!)
      }
      wins += (right * wrong) / 2
    }
    return wins / (positives * (total - positives))
  }
}

/**
 * AUROC inside each prompt, averaged over the prompts that have both right and wrong completions; the estimate's
 * `n` is their number. This is the separation that reranking can use.
 */
export const aurocWithinPrompt = (pools: ReadonlyArray<ScoredPool>, resampling: Resampling): Measurement =>
  meanOverPrompts(pools.map(aurocOf), resampling, "no prompt has both right and wrong completions")
