import { Result } from "effect"
import { LogProbMismatch, type Sampled } from "../service/index.ts"

/** How far two readings of the same tokens are apart, own and another's, in nats a token. */
export interface Agreement {
  /** Completion tokens compared. */
  readonly tokens: number
  /** Mean of |other - own|. */
  readonly mean: number
  /** Largest |other - own|; `Infinity` where one of them is no number. */
  readonly largest: number
}

type Reading = ReadonlyArray<ArrayLike<number>>

/** What two computations of one number may differ by, in nats. */
const ROUNDING = 1e-3

/** Differences other - own, with `shift` tokens between them. */
const differences = (other: Reading, own: Reading, shift: number): ReadonlyArray<number> =>
  own.flatMap((row, i) =>
    Array.from({ length: Math.max(0, row.length - shift) }, (_, t) => {
      const difference = other[i]![t + shift]! - row[t]!
      return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
    })
  )

const mean = (xs: ReadonlyArray<number>): number => (xs.length === 0 ? 0 : xs.reduce((s, x) => s + x, 0) / xs.length)
const absolute = (xs: ReadonlyArray<number>): ReadonlyArray<number> => xs.map(Math.abs)

/** How far log-probabilities of completions [T] are from one's own [T] of the same tokens. */
export const agreement = (other: Reading, own: Reading): Agreement => {
  const all = differences(other, own, 0)
  return {
    tokens: all.length,
    mean: mean(absolute(all)),
    largest: absolute(all).reduce((a, b) => Math.max(a, b), 0)
  }
}

/** What most likely keeps them apart. */
const likely = (found: Agreement, other: Reading, own: Reading): string => {
  const shifted = Math.min(mean(absolute(differences(other, own, 1))), mean(absolute(differences(own, other, 1))))
  if (shifted < found.mean / 4)
    return "They agree when one is moved by a token: the prompt's last position is counted wrong."
  // Under other weights, too, most of what a sampler drew is likelier to it, but never all.
  if (found.tokens >= 16 && differences(other, own, 0).every((difference) => difference >= -ROUNDING))
    return "None of the sampler's is lower: it reports those after temperature and truncation. Ask it for those of the model itself (vLLM: --logprobs-mode raw_logprobs), or tell that it does not."
  return "Likely causes: the sampler holds other weights (another checkpoint, an adapter that is not loaded or whose alpha differs), another tokenizer or RoPE setting, or computes in a lower precision than the tolerance allows."
}

/**
 * Whether a sampler's log-probabilities under the model (`rawLogProbs`) are those that the trainer computes for the same
 * tokens: their mean |difference| is at most `tolerance`.
 *
 * @param own the trainer's, [T] for each completion, in nats
 * @param tolerance in nats a token; 0.05 leaves room for a sampler in bfloat16, in equal precision they agree to 1e-4
 */
export const checkAgreement = (
  sampled: ReadonlyArray<Pick<Sampled, "rawLogProbs">>,
  own: Reading,
  tolerance = 0.05
): Result.Result<Agreement, LogProbMismatch> => {
  const other = sampled.map(({ rawLogProbs }) => rawLogProbs)
  const found = agreement(other, own)
  return found.mean <= tolerance
    ? Result.succeed(found)
    : Result.fail(new LogProbMismatch({ ...found, tolerance, likely: likely(found, other, own) }))
}
