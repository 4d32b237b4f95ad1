import { abs, add, clip, div, type Expr, max, mul, sqrt, stopGradient, sub } from "../program/index.ts"
import type { DiscriminatorBatch, DiscriminatorObjective } from "./DiscriminatorObjective.ts"
import { weightedMean } from "./reduce.ts"
import type { SegmentParts } from "./UnitRewards.ts"

/** What a segment critic computes at the last token of each segment; all [N, T]. */
export interface SegmentTerms {
  /** The learned reward, g(h[e_k]). */
  readonly g: Expr
  /** The potential before the segment, H(h[s_k - 1]); of the first segment, at the prompt's last token. */
  readonly before: Expr
  /** The potential at its end, H(h[e_k]). */
  readonly after: Expr
  /** log π of the segment's tokens under the present policy, summed, in nats. */
  readonly logProbs: Expr
}

export interface ShapingOptions {
  /** γ in [0, 1]; 1 in the reference. */
  readonly gamma: number
  /** Largest size of the shaping term; unbounded by default. */
  readonly shapeClamp?: number
  /**
   * What log π is multiplied with, 1 by default, AIRL proper. Summed over a segment's tokens it is tens of nats (training
   * spec D17): 0 leaves it out, 1 / (tokens of a segment) brings it to the logits' size.
   */
  readonly logProbWeight?: number
}

/** shape = clamp(γ·H' - H), f = g + shape, and the logit f - weight · log π, through whose last term no gradient flows. */
export const shaped = ({ g, before, after, logProbs }: SegmentTerms, options: ShapingOptions) => {
  const { gamma, shapeClamp, logProbWeight = 1 } = options
  const difference = sub(mul(after, gamma), before)
  const shape = shapeClamp === undefined ? difference : clip(difference, -shapeClamp, shapeClamp)
  const f = add(g, shape)
  return { shape, f, logits: sub(f, mul(stopGradient(logProbs), logProbWeight)) }
}

/** `shaped` on numbers: g and f = g + clamp(γ·H' - H) of the segments of a trace, for scoring. */
export const segmentParts = (
  { g, before, after }: { readonly [K in "g" | "before" | "after"]: ReadonlyArray<number> },
  { gamma, shapeClamp = Number.POSITIVE_INFINITY }: ShapingOptions
): SegmentParts => ({
  g,
  f: g.map((reward, k) => reward + Math.min(shapeClamp, Math.max(-shapeClamp, gamma * after[k]! - before[k]!)))
})

export interface SegmentCriticOptions extends ShapingOptions {
  /** What is minimised in the logits, BCE in the reference. */
  readonly objective: DiscriminatorObjective
  /** Weight of mean((H² + H'²) / 2); 1e-4 in the reference. */
  readonly potentialPenalty: number
  /** Weight of mean(shape²); 1e-4 in the reference. */
  readonly shapePenalty: number
}

/** The batch of a segment critic: as for any discriminator, with the terms in place of logits. */
export type SegmentBatch = Omit<DiscriminatorBatch, "logits"> & { readonly terms: SegmentTerms }

/** Mean and standard deviation of a term over segments, as they are logged. */
const spread = (name: string, x: Expr, weights: Expr): Readonly<Record<string, Expr>> => {
  const mean = weightedMean(x, weights)
  const apart = sub(x, mean)
  return {
    [`airl_segment/${name}_mean`]: mean,
    [`airl_segment/${name}_std`]: sqrt(weightedMean(mul(apart, apart), weights))
  }
}

/**
 * The segment critic's loss: an objective on the logits f - log π, and both penalties, each as a mean over the segments
 * of either class.
 *
 * @see specs/36-adversarial-objectives.md
 */
export const segmentCritic = (options: SegmentCriticOptions) => ({
  name: `segment(${options.objective.name}, γ=${options.gamma})`,
  loss: ({ terms, ...batch }: SegmentBatch): ReturnType<DiscriminatorObjective["loss"]> => {
    const { shape, f, logits } = shaped(terms, options)
    const inner = options.objective.loss({ ...batch, logits })
    const potential = mul(add(mul(terms.before, terms.before), mul(terms.after, terms.after)), 0.5)
    const overClasses = (x: Expr): Expr =>
      add(weightedMean(x, batch.expert, batch.totals?.expert), weightedMean(x, batch.policy, batch.totals?.policy))
    const penalty = add(
      mul(overClasses(potential), options.potentialPenalty),
      mul(overClasses(mul(shape, shape)), options.shapePenalty)
    )
    const all = add(batch.expert, batch.policy)
    return {
      loss: add(inner.loss, penalty),
      metrics: {
        ...inner.metrics,
        penalty,
        ...spread("g", terms.g, all),
        ...spread("shape", shape, all),
        ...spread("f", f, all),
        ...spread("h_prev", terms.before, all),
        ...spread("h_next", terms.after, all),
        "airl_segment/shape_to_g_abs_ratio": div(
          weightedMean(abs(shape), all),
          max(weightedMean(abs(terms.g), all), 1e-9)
        )
      }
    }
  }
})

/** Which part of a segment critic rewards the policy. */
export interface SegmentReward {
  readonly name: string
  readonly of: (g: number, f: number) => number
}

/** `mean_g`: the learned reward, which a change of the policy leaves as it is. */
export const rewardG: SegmentReward = { name: "g", of: (g) => g }

/** `mean_f`: with the shaping, whose sum along a trace telescopes. */
export const rewardF: SegmentReward = { name: "f", of: (_, f) => f }

/** `mean_g_plus_shape`: g + λ·shape, from g (λ = 0) to f (λ = 1). */
export const rewardGPlusShape = (lambda: number): SegmentReward => ({
  name: `g + ${lambda}·shape`,
  of: (g, f) => g + lambda * (f - g)
})

/** Rewards of a trace's segments, each within the bounds, and so their mean too. */
export const segmentRewards = (
  { of }: SegmentReward,
  { g, f }: SegmentParts,
  [low, high]: readonly [low: number, high: number] = [-Infinity, Infinity]
): ReadonlyArray<number> => g.map((value, k) => Math.min(high, Math.max(low, of(value, f[k]!))))
