import { add, cast, div, type Expr, greater, type Like, less, max, mul, sigmoid, sum } from "../program/index.ts"
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

/** How steep a critic is at points between experts and policy. */
export interface Slopes {
  /** ‖∇_x F(x_i)‖ at each point, [M, 1], >= 0. */
  readonly norms: Expr
  /** 1 for points that count, 0 for those that only fill the batch, [M, 1]. */
  readonly counted: Expr
}

/** What some objectives need beside the units, and what a micro-batch must know of the whole batch. */
export interface DiscriminatorBatch extends UnitLogits {
  /** Weights >= 0 of pairs, [N, N]: trace i as the expert's against trace j as the policy's. Absent: all pairs. */
  readonly pairs?: Expr
  /** The critic's slopes between experts and policy, for a gradient penalty. */
  readonly slopes?: Slopes
  /** Sums of the weights of the whole batch, so that losses of micro-batches add up. Absent: the batch is whole. */
  readonly totals?: { readonly expert: Like; readonly policy: Like }
}

/** What an objective reads beside the units; a learner feeds that and nothing more. */
export interface ObjectiveNeeds {
  /** Pairs of each expert with the policy's traces of its own prompt, or with so many of them, drawn anew each update. */
  readonly pairs?: { readonly negatives?: number }
  /** Slopes between experts and policy. */
  readonly slopes?: boolean
  /**
   * Units of both classes at the same places: those of a wrong version before its change count as the policy's too, unless
   * the learner is told otherwise. Then what they share with the demonstration cancels.
   */
  readonly wholeTraces?: boolean
}

/** A discriminator objective: the scalar to minimise, and what to log. */
export interface DiscriminatorObjective {
  readonly name: string
  /** Nothing by default. */
  readonly needs?: ObjectiveNeeds
  readonly loss: (units: DiscriminatorBatch) => {
    readonly loss: Expr
    readonly metrics: Readonly<Record<string, Expr>>
  }
}

/**
 * What is worth logging of any discriminator: accuracies at 0 of all units and of either class, mean logits and mean
 * probabilities of both, and how many units of the policy there are to one of the expert's.
 */
export const unitMetrics = ({ logits, expert, policy }: UnitLogits): Readonly<Record<string, Expr>> => ({
  acc: div(
    add(sum(mul(cast(greater(logits, 0), "f32"), expert)), sum(mul(cast(less(logits, 0), "f32"), policy))),
    max(add(sum(expert), sum(policy)), 1e-9)
  ),
  acc_pos: weightedMean(cast(greater(logits, 0), "f32"), expert),
  acc_neg: weightedMean(cast(less(logits, 0), "f32"), policy),
  logit_pos_mean: weightedMean(logits, expert),
  logit_neg_mean: weightedMean(logits, policy),
  prob_pos_mean: weightedMean(sigmoid(logits), expert),
  prob_neg_mean: weightedMean(sigmoid(logits), policy),
  neg_pos_ratio: div(sum(policy), max(sum(expert), 1e-9))
})
