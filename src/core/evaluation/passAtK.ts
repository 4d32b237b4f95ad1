import { subsetShare } from "./binomial.ts"
import type { Measurement } from "./Measurement.ts"
import { meanOverPrompts } from "./overPrompts.ts"
import type { Resampling } from "./Resampling.ts"

/**
 * Probability that k of N completions, drawn without replacement, hold at least one of the m correct:
 * 1 - C(N - m, k) / C(N, k).
 *
 * @returns a share in [0, 1], or `undefined` when k > N: too few completions say nothing, not "never".
 * @see specs/20-selection.md; Chen et al. 2021, equation 1
 */
export const passAtKOfPrompt = (N: number, m: number, k: number): number | undefined =>
  k > N || k < 1 ? undefined : 1 - subsetShare(N - m, N, k)

/** pass@k of each prompt; `undefined` where a prompt has fewer than k completions. */
export const passAtKPerPrompt = (
  correct: ReadonlyArray<ReadonlyArray<boolean>>,
  k: number
): ReadonlyArray<number | undefined> =>
  correct.map((row) =>
    passAtKOfPrompt(
      row.length,
      row.reduce((m, c) => m + (c ? 1 : 0), 0),
      k
    )
  )

/**
 * Unbiased pass@k, averaged over the prompts that have at least k completions.
 *
 * @param correct [B][G] whether each completion is correct
 */
export const passAtK = (
  correct: ReadonlyArray<ReadonlyArray<boolean>>,
  k: number,
  resampling: Resampling
): Measurement => meanOverPrompts(passAtKPerPrompt(correct, k), resampling, `no prompt has ${k} completions`)
