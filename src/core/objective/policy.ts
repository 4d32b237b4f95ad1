import { add, cast, clip, type Expr, exp, greater, less, min, mul, neg, or, sub } from "../program/index.ts"
import { meanOfRowMeans, weightedMean } from "./reduce.ts"

/** What a policy objective sees; every tensor is [N, T] over completion tokens, log-probabilities in nats. */
export interface PolicyBatch {
  readonly logProbs: Expr
  /** log π of the policy that sampled, as a constant. */
  readonly oldLogProbs: Expr
  /** log π of the reference policy, as a constant. */
  readonly referenceLogProbs: Expr
  readonly advantages: Expr
  /** 1 on completion tokens, 0 elsewhere. */
  readonly mask: Expr
}

/** A policy objective: the scalar to minimise, and what to log. */
export interface PolicyObjective {
  readonly name: string
  readonly loss: (batch: PolicyBatch) => { readonly loss: Expr; readonly metrics: Readonly<Record<string, Expr>> }
}

/**
 * Schulman's estimator k3 of KL(π ‖ π_ref) from samples of π: e^d - d - 1 with d = log π_ref - log π.
 * Non-negative, zero at equality, in nats a token.
 */
export const k3 = (logProbs: Expr, referenceLogProbs: Expr): Expr => {
  const d = sub(referenceLogProbs, logProbs)
  return sub(sub(exp(d), d), 1)
}

/**
 * Group-relative policy optimisation (Shao et al. 2024, equation 3), a loss per token
 *
 *   l = -min(ρ·A, clip(ρ, 1-ε_low, 1+ε_high)·A) + β·(e^d - d - 1),   ρ = π / π_old
 *
 * averaged over the tokens of a completion and then over completions.
 *
 * @param options.clipLow ε_low, @param options.clipHigh ε_high, @param options.klCoefficient β >= 0
 * @see specs/32-policy-objective.md
 */
export const grpo = (options: {
  readonly clipLow: number
  readonly clipHigh: number
  readonly klCoefficient: number
}): PolicyObjective => ({
  name: `grpo(clip=${options.clipLow}/${options.clipHigh}, β=${options.klCoefficient})`,
  loss: ({ logProbs, oldLogProbs, referenceLogProbs, advantages, mask }) => {
    const ratio = exp(sub(logProbs, oldLogProbs))
    const low = 1 - options.clipLow
    const high = 1 + options.clipHigh
    const surrogate = min(mul(ratio, advantages), mul(clip(ratio, low, high), advantages))
    const kl = k3(logProbs, referenceLogProbs)
    const perToken = add(neg(surrogate), mul(kl, options.klCoefficient))
    return {
      loss: meanOfRowMeans(perToken, mask),
      metrics: {
        kl: weightedMean(kl, mask),
        "clip_ratio/region_mean": weightedMean(cast(or(less(ratio, low), greater(ratio, high)), "f32"), mask)
      }
    }
  }
})

/** Mean negative log-likelihood of the masked tokens, in nats a token: supervised fine-tuning. */
export const negativeLogLikelihood = (logProbs: Expr, mask: Expr): Expr => neg(weightedMean(logProbs, mask))
