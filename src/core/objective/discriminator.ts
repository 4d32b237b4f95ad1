import { add, cast, type Expr, greater, less, mul, neg, sigmoid, softplus, sub } from "../program/index.ts"
import { weightedMean } from "./reduce.ts"

/**
 * What a discriminator objective sees: one logit a token, high meaning "expert", and for each class the
 * weight with which a token's unit counts (0 for every token that ends no unit, and for padding).
 */
export interface UnitLogits {
  /** f, [N, T], in nats. */
  readonly logits: Expr
  /** Weights of units labelled expert, [N, T], >= 0. */
  readonly expert: Expr
  /** Weights of units labelled policy (rollouts and perturbed experts), [N, T], >= 0. */
  readonly policy: Expr
}

/** A discriminator objective: the scalar to minimise, and what to log. */
export interface DiscriminatorObjective {
  readonly name: string
  readonly loss: (units: UnitLogits) => { readonly loss: Expr; readonly metrics: Readonly<Record<string, Expr>> }
}

const logistic = (logits: Expr, target: number): Expr =>
  // BCE(f, y) = softplus(f) - y·f, which never overflows.
  sub(softplus(logits), mul(logits, target))

/**
 * Binary cross-entropy with label smoothing, balanced between the classes:
 *
 *   L = ½ · mean_expert BCE(f, 1-ε) + ½ · mean_policy BCE(f, ε)
 *
 * where the means are over all units of a class in the batch. A class without units contributes 0.
 *
 * @param labelSmoothing ε in [0, 0.5)
 * @see specs/30-discriminator.md
 */
export const bce = (options: { readonly labelSmoothing: number }): DiscriminatorObjective => ({
  name: `bce(ε=${options.labelSmoothing})`,
  loss: ({ logits, expert, policy }) => {
    const onExpert = weightedMean(logistic(logits, 1 - options.labelSmoothing), expert)
    const onPolicy = weightedMean(logistic(logits, options.labelSmoothing), policy)
    return {
      loss: mul(add(onExpert, onPolicy), 0.5),
      metrics: {
        bce_pos: onExpert,
        bce_neg: onPolicy,
        acc_pos: weightedMean(cast(greater(logits, 0), "f32"), expert),
        acc_neg: weightedMean(cast(less(logits, 0), "f32"), policy),
        logit_pos_mean: weightedMean(logits, expert),
        logit_neg_mean: weightedMean(logits, policy),
        prob_pos_mean: weightedMean(sigmoid(logits), expert),
        prob_neg_mean: weightedMean(sigmoid(logits), policy)
      }
    }
  }
})

/** log D(x) with D = σ(f). */
export const logExpert = (logits: Expr): Expr => neg(softplus(neg(logits)))

/** log(1 - D(x)) with D = σ(f). */
export const logPolicy = (logits: Expr): Expr => neg(softplus(logits))
