import { add, cast, div, type Expr, greater, max, mul, reshape, sqrt, sub, sum } from "../program/index.ts"
import { grad } from "../transform/index.ts"
import type { Slopes } from "./DiscriminatorObjective.ts"
import { weightedMean } from "./reduce.ts"

/** Points between expert and policy inputs, and the critic to differentiate there. */
export interface Interpolation {
  /** Logits [M, T] of input embeddings [M, T, D]; each row sees itself alone. */
  readonly critic: (embeddings: Expr) => Expr
  /** Input embeddings of M expert traces, [M, T, D], zero on padding. */
  readonly expert: Expr
  /** Input embeddings of the policy traces that they are paired with, [M, T, D]. */
  readonly policy: Expr
  /** Share of the expert, [M, 1, 1], uniform in [0, 1]. */
  readonly mix: Expr
  /** Weights of the units whose logits are averaged to a trace's, [M, T], >= 0; a row of zeros takes no part. */
  readonly weights: Expr
}

/** Keeps the root's derivative finite where the gradient is zero. */
const EPSILON = 1e-12

/**
 * ‖∇_x F(x_i)‖₂ at x = mix · expert + (1 - mix) · policy, with F = Σ_t w_t f_t / Σ_t w_t, the norm being over all T·D
 * coordinates of a trace. A piece of the program that differentiates; differentiate it again to train on it.
 */
export const slopesAt = ({ critic, expert, policy, mix, weights }: Interpolation): Slopes => {
  const at = add(policy, mul(mix, sub(expert, policy)))
  const totals = sum(weights, [1])
  const traces = div(sum(mul(critic(at), weights), [1]), max(totals, 1e-9))
  const [gradient] = grad(sum(traces), [at])
  const norms = reshape(sqrt(add(sum(mul(gradient!, gradient!), [1, 2]), EPSILON)), totals.shape)
  return { norms, counted: cast(greater(totals, 0), "f32") }
}

/** Mean of (slope - 1)² over the points that count, and the mean slope. */
export const unitSlopePenalty = ({ norms, counted }: Slopes) => {
  const excess = sub(norms, 1)
  return { penalty: weightedMean(mul(excess, excess), counted), meanNorm: weightedMean(norms, counted) }
}

/**
 * The gradient penalty of Gulrajani et al. (2017, equation 3),
 *
 *   GP = mean_i (‖∇_x F(x_i)‖₂ - 1)²,
 *
 * at the points of `slopesAt`. Its gradient in the critic's parameters is of second order.
 *
 * @returns the penalty, one element, and the mean norm
 */
export const gradientPenalty = (interpolation: Interpolation) => unitSlopePenalty(slopesAt(interpolation))
