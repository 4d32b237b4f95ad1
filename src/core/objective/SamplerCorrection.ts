import { clip, type Expr, exp, greater, less, mul, or, stopGradient, sub, sum, where } from "../program/index.ts"

/**
 * Weights for tokens drawn by a sampler whose probabilities differ from the trainer's: other kernels, other precision,
 * top-p, stale weights. Constants; they multiply the surrogate, not the KL term.
 */
export interface SamplerCorrection {
  readonly name: string
  readonly level: CorrectionOptions["level"]
  /** What becomes of a ratio π_old / π_sampler. */
  readonly bounded: (ratio: number) => number
  /** From log π_old of trainer and sampler and the mask, all [N, T], to weights [N, T], or [N, 1] for whole completions. */
  readonly weights: (oldLogProbs: Expr, samplerLogProbs: Expr, mask: Expr) => Expr
}

export interface CorrectionOptions {
  /** One ratio a token, or the product of them for a completion. */
  readonly level: "token" | "sequence"
  /** Largest ratio, C; `Infinity` for none. 2 to 10 in the literature, 3 in TRL. */
  readonly cap: number
  /** Smallest ratio, 0 by default. */
  readonly floor?: number
}

/** π_old / π_sampler, [N, T] or [N, 1]; 1 outside the mask. */
const ratios = (level: CorrectionOptions["level"], oldLogProbs: Expr, samplerLogProbs: Expr, mask: Expr): Expr => {
  const differences = mul(sub(oldLogProbs, samplerLogProbs), mask)
  return exp(stopGradient(level === "token" ? differences : sum(differences, [1])))
}

const nameOf = (kind: string, { level, cap, floor = 0 }: CorrectionOptions): string =>
  `${kind}(${level}, ${floor > 0 ? `${floor}..` : ""}${cap})`

/** Truncated importance sampling: w = min(π_old / π_sampler, C). Biased where it truncates, of bounded variance. */
export const truncated = (options: CorrectionOptions): SamplerCorrection => ({
  name: nameOf("truncated", options),
  level: options.level,
  bounded: (ratio) => Math.min(options.cap, Math.max(options.floor ?? 0, ratio)),
  weights: (oldLogProbs, samplerLogProbs, mask) =>
    clip(ratios(options.level, oldLogProbs, samplerLogProbs, mask), options.floor ?? 0, options.cap)
})

/** Masked importance sampling: w = π_old / π_sampler where it lies within the bounds, else 0: what drifted is dropped. */
export const masked = (options: CorrectionOptions): SamplerCorrection => ({
  name: nameOf("masked", options),
  level: options.level,
  bounded: (ratio) => (ratio < (options.floor ?? 0) || ratio > options.cap ? 0 : ratio),
  weights: (oldLogProbs, samplerLogProbs, mask) => {
    const ratio = ratios(options.level, oldLogProbs, samplerLogProbs, mask)
    return where(or(less(ratio, options.floor ?? 0), greater(ratio, options.cap)), 0, ratio)
  }
})
