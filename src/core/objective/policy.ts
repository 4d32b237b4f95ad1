import {
  add,
  and,
  cast,
  clip,
  div,
  type Expr,
  exp,
  greater,
  InvalidProgram,
  type Like,
  less,
  max,
  min,
  mul,
  neg,
  or,
  sub,
  sum
} from "../program/index.ts"
import { type Aggregation, grpo as eachCompletionOnce, type WholeBatch } from "./Aggregation.ts"
import { type KlEstimator, k3 as thirdEstimator } from "./KlEstimator.ts"
import { meanOfRowMeans, weightedMean } from "./reduce.ts"
import type { SamplerCorrection } from "./SamplerCorrection.ts"

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

/** A batch that may know more: what the sampler reported, and the whole batch that it is a part of. */
export interface PolicyMicroBatch extends PolicyBatch, WholeBatch {
  /** log π as the sampler computed it, [N, T], where it may differ from the trainer's `oldLogProbs`. */
  readonly samplerLogProbs?: Expr
}

/** A policy objective: the scalar to minimise, and what to log. */
export interface PolicyObjective {
  readonly name: string
  /** What corrects for the sampler; a batch then has its log-probabilities, and the trainer's own `oldLogProbs`. */
  readonly correction?: SamplerCorrection
  /** Metrics in which each completion counts once; in the others each token does. */
  readonly perCompletion?: ReadonlyArray<string>
  readonly loss: (batch: PolicyMicroBatch) => {
    readonly loss: Expr
    readonly metrics: Readonly<Record<string, Expr>>
  }
}

export interface SurrogateOptions {
  /** ε_low: ratios below 1 - ε_low gain nothing more. */
  readonly clipLow: number
  /** ε_high: ratios above 1 + ε_high gain nothing more. */
  readonly clipHigh: number
  /** δ > 1 + ε_high, an upper bound on the ratio of tokens with a negative advantage as well; none by default. */
  readonly ratioBound?: number
  /** One ratio a token (the default), or the geometric mean over the completion's (Zheng et al. 2025, GSPO). */
  readonly ratio?: "token" | "sequence"
  readonly aggregation: Aggregation
  /** β >= 0. */
  readonly klCoefficient: number
  /** `KlEstimators.k3` by default. */
  readonly klEstimator?: KlEstimator
  /** Whether the KL term is multiplied by the ratio, which turns k1 and k3 into losses with the gradient of KL(π ‖ π_ref). */
  readonly klWeighted?: boolean
  /** For samplers that disagree with the trainer; needs `samplerLogProbs` in the batch. */
  readonly correction?: SamplerCorrection
}

const CLIP_SHARES = ["clip_ratio/low_mean", "clip_ratio/high_mean", "clip_ratio/region_mean"] as const

const describeSurrogate = (o: SurrogateOptions): string =>
  [
    `clip=${o.clipLow}/${o.clipHigh}`,
    ...(o.ratioBound === undefined ? [] : [`δ=${o.ratioBound}`]),
    ...(o.ratio === "sequence" ? ["sequence ratio"] : []),
    `β=${o.klCoefficient}`,
    ...(o.klEstimator === undefined ? [] : [o.klEstimator.name]),
    ...(o.klWeighted === true ? ["ratio-weighted KL"] : []),
    ...(o.correction === undefined ? [] : [o.correction.name])
  ].join(", ")

/** ρ, [N, T], or [N, 1] for whole completions. */
const ratioOf = ({ logProbs, oldLogProbs, mask }: PolicyBatch, level: SurrogateOptions["ratio"]): Expr => {
  const differences = sub(logProbs, oldLogProbs)
  if (level !== "sequence") return exp(differences)
  return exp(div(sum(mul(differences, mask), [1]), max(sum(mask, [1]), 1)))
}

const correctionWeights = (correction: SamplerCorrection, batch: PolicyMicroBatch): Expr => {
  if (batch.samplerLogProbs === undefined) {
    throw new InvalidProgram({
      reason: `${correction.name} corrects for the sampler's probabilities; give the batch samplerLogProbs.`
    })
  }
  return correction.weights(batch.oldLogProbs, batch.samplerLogProbs, batch.mask)
}

/**
 * The clipped surrogate with a KL term, a loss per token
 *
 *   l = -w · min(min(ρ, δ)·A, clip(ρ, 1-ε_low, 1+ε_high)·A) + β·KL,   ρ = π / π_old
 *
 * and its aggregation. w corrects for the sampler (1 by default). Metrics: `kl`, and the shares of tokens (of
 * completions, for sequence ratios) where clipping binds: `clip_ratio/low_mean` with A < 0, `clip_ratio/high_mean` with
 * A > 0, `clip_ratio/region_mean` either.
 *
 * @throws InvalidProgram when a correction has no sampler's log-probabilities to work on
 * @see specs/32-policy-objective.md
 */
export const clippedSurrogate = (options: SurrogateOptions): PolicyObjective => ({
  name: `${options.aggregation.name}(${describeSurrogate(options)})`,
  ...(options.correction === undefined ? {} : { correction: options.correction }),
  perCompletion: options.ratio === "sequence" ? CLIP_SHARES : [],
  loss: (batch) => {
    const { logProbs, referenceLogProbs, advantages, mask } = batch
    const { klEstimator = thirdEstimator, correction, ratioBound } = options
    const ratio = ratioOf(batch, options.ratio)
    const [low, high] = [1 - options.clipLow, 1 + options.clipHigh]
    const bounded = ratioBound === undefined ? ratio : min(ratio, ratioBound)
    const surrogate = min(mul(bounded, advantages), mul(clip(ratio, low, high), advantages))
    const corrected = correction === undefined ? surrogate : mul(surrogate, correctionWeights(correction, batch))
    const estimate = klEstimator.estimate(logProbs, referenceLogProbs)
    const kl = options.klWeighted === true ? mul(estimate, ratio) : estimate
    const share = (condition: Expr): Expr => {
      const bound = cast(condition, "f32")
      return options.ratio === "sequence" ? meanOfRowMeans(bound, mask, batch.rows) : weightedMean(bound, mask)
    }
    const clippedLow = and(less(ratio, low), less(advantages, 0))
    const clippedHigh = and(greater(ratio, high), greater(advantages, 0))
    return {
      loss: options.aggregation.reduce(add(neg(corrected), mul(kl, options.klCoefficient)), mask, batch),
      metrics: {
        kl: weightedMean(kl, mask),
        "clip_ratio/low_mean": share(clippedLow),
        "clip_ratio/high_mean": share(clippedHigh),
        "clip_ratio/region_mean": share(or(clippedLow, clippedHigh))
      }
    }
  }
})

/**
 * Group-relative policy optimisation (Shao et al. 2024, equation 3): the clipped surrogate, averaged over the tokens
 * of a completion and then over completions.
 *
 * @see specs/32-policy-objective.md
 */
export const grpo = (options: Pick<SurrogateOptions, "clipLow" | "clipHigh" | "klCoefficient">): PolicyObjective =>
  clippedSurrogate({ ...options, aggregation: eachCompletionOnce })

/** The estimator k3 of KL(π ‖ π_ref), a token: non-negative, zero at equality, in nats. */
export const k3 = thirdEstimator.estimate

/**
 * Mean negative log-likelihood of the masked tokens, in nats a token: supervised fine-tuning.
 *
 * @param tokens those of the whole batch, where this is a part of it
 */
export const negativeLogLikelihood = (logProbs: Expr, mask: Expr, tokens?: Like): Expr =>
  neg(weightedMean(logProbs, mask, tokens))

/**
 * The likelihood of tokens, each by its weight, the advantage: l = -A · log π, whose gradient is the policy gradient
 * whatever policy drew the tokens. Metrics: `kl`, the estimate k3.
 */
export const weightedLikelihood = (aggregation: Aggregation): PolicyObjective => ({
  name: `weighted-likelihood(${aggregation.name})`,
  loss: ({ logProbs, referenceLogProbs, advantages, mask, ...whole }) => ({
    loss: aggregation.reduce(neg(mul(logProbs, advantages)), mask, whole),
    metrics: { kl: weightedMean(k3(logProbs, referenceLogProbs), mask) }
  })
})
