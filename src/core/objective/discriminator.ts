import { add, div, type Expr, max, mul, neg, softplus, sub, sum } from "../program/index.ts"
import { type DiscriminatorObjective, unitMetrics } from "./DiscriminatorObjective.ts"

export { dedupWeights } from "./dedupWeights.ts"
export { entropyBonus } from "./entropyBonus.ts"
export { gradientPenalty, type Interpolation, slopesAt, unitSlopePenalty } from "./gradientPenalty.ts"
export { type PairRow, type PairwiseOptions, pairwise, promptPairs } from "./pairwise.ts"
export { type WganOptions, wgan } from "./wgan.ts"

export interface BceOptions {
  /** ε in [0, 0.5). */
  readonly labelSmoothing: number
  /**
   * The expert class's share of the loss, ½ by default; the policy's is the rest. `"units"`: every unit counts once,
   * whatever its class.
   */
  readonly expertShare?: number | "units"
  /**
   * What counts once within a class: a unit (the default), so that long traces weigh more, or a trace. Per trace, weights
   * only say how much a unit counts among those of its trace.
   */
  readonly average?: "units" | "traces"
}

const logistic = (logits: Expr, target: number): Expr =>
  // BCE(f, y) = softplus(f) - y·f, which never overflows.
  sub(softplus(logits), mul(logits, target))

/** Weights of every trace divided by their sum. */
const perTrace = (weights: Expr): Expr => div(weights, max(sum(weights, [1]), 1e-9))

const nameOf = ({ labelSmoothing, expertShare, average }: BceOptions): string =>
  `bce(${[
    `ε=${labelSmoothing}`,
    ...(expertShare === undefined ? [] : [`expert share ${expertShare}`]),
    ...(average === "traces" ? ["per trace"] : [])
  ].join(", ")})`

/**
 * Binary cross-entropy with label smoothing, balanced between the classes:
 *
 *   L = ½ · mean_expert BCE(f, 1-ε) + ½ · mean_policy BCE(f, ε)
 *
 * where the means are over all units of a class in the batch. A class without units contributes 0.
 *
 * @see specs/30-discriminator.md
 */
export const bce = (options: BceOptions): DiscriminatorObjective => ({
  name: nameOf(options),
  loss: (units) => {
    const { labelSmoothing, expertShare = 0.5 } = options
    const weigh = options.average === "traces" ? perTrace : (weights: Expr): Expr => weights
    const [expert, policy] = [weigh(units.expert), weigh(units.policy)]
    const { totals = { expert: sum(expert), policy: sum(policy) } } = units
    const ofExpert = sum(mul(logistic(units.logits, 1 - labelSmoothing), expert))
    const ofPolicy = sum(mul(logistic(units.logits, labelSmoothing), policy))
    const onExpert = div(ofExpert, max(totals.expert, 1e-9))
    const onPolicy = div(ofPolicy, max(totals.policy, 1e-9))
    const loss =
      expertShare === "units"
        ? div(add(ofExpert, ofPolicy), max(add(totals.expert, totals.policy), 1e-9))
        : add(mul(onExpert, expertShare), mul(onPolicy, 1 - expertShare))
    return { loss, metrics: { bce_pos: onExpert, bce_neg: onPolicy, ...unitMetrics(units) } }
  }
})

/** log D(x) with D = σ(f). */
export const logExpert = (logits: Expr): Expr => neg(softplus(neg(logits)))

/** log(1 - D(x)) with D = σ(f). */
export const logPolicy = (logits: Expr): Expr => neg(softplus(logits))
