import type { Measurement } from "./Measurement.ts"
import { meanOverPrompts } from "./overPrompts.ts"
import * as Ranking from "./Ranking.ts"
import type { Resampling } from "./Resampling.ts"

/**
 * The share of a prompt's pick that falls to its first candidate, the correct one: 1/m where it is one of the m best,
 * else 0. Best-of-4 of reward benchmarks (one correct, three wrong); a score that is not finite is never among the best.
 *
 * @returns `undefined` without candidates
 */
export const bestOfFirstOfPrompt = (scores: ReadonlyArray<number>): number | undefined => {
  const top = Ranking.blocks(scores)[0]
  if (top === undefined) return undefined
  return top.includes(0) && Number.isFinite(scores[0]) ? 1 / top.length : 0
}

/** Accuracy on prompts whose first candidate is the correct one, the others wrong; chance is 1 / candidates. */
export const bestOfFirst = (prompts: ReadonlyArray<ReadonlyArray<number>>, resampling: Resampling): Measurement =>
  meanOverPrompts(prompts.map(bestOfFirstOfPrompt), resampling, "no prompts")
