import { cast, div, type Expr, greater, max, mul, neg, softplus, sqrt, sub, sum, transpose } from "../program/index.ts"
import { Rng } from "../tensor/index.ts"
import { type DiscriminatorObjective, unitMetrics } from "./DiscriminatorObjective.ts"
import { weightedMean } from "./reduce.ts"

/** A trace of a batch: the prompt it answers, and the class it is compared as. */
export interface PairRow {
  readonly prompt: number
  readonly label: "expert" | "policy"
}

/**
 * Weights of pairs, [N, N] row by row: 1 where trace i is an expert's and trace j the policy's, of the same prompt.
 *
 * @param negatives how many of its prompt's traces each expert meets, drawn without replacement; all by default
 */
export const promptPairs = (
  rows: ReadonlyArray<PairRow>,
  negatives?: { readonly count: number; readonly rng: Rng.Rng }
): Float64Array => {
  const weights = new Float64Array(rows.length * rows.length)
  for (const [i, { prompt, label }] of rows.entries()) {
    if (label !== "expert") continue
    const own = rows.flatMap((row, j) => (row.label === "policy" && row.prompt === prompt ? [j] : []))
    const met = negatives === undefined ? own : Rng.shuffle(negatives.rng, own).slice(0, negatives.count)
    for (const j of met) weights[i * rows.length + j] = 1
  }
  return weights
}

/** Mean logit of the weighed units of each trace, [N, 1], and whether there are any. */
const traceLogits = (logits: Expr, weights: Expr) => {
  const totals = sum(weights, [1])
  return {
    logit: div(sum(mul(logits, weights), [1]), max(totals, 1e-9)),
    any: cast(greater(totals, 0), "f32")
  }
}

export interface PairwiseOptions {
  /** m in logits, 0 in the reference: as long as F_expert - F_policy < m the loss exceeds log 2. */
  readonly margin: number
  /** How many traces of its prompt a learner lets each expert meet, drawn without replacement; all by default. */
  readonly negatives?: number
}

/**
 * The pairwise objective of GAD (Bradley-Terry): a demonstration should beat the policy's traces of its prompt,
 *
 *   L = mean over pairs of softplus(-(F_expert - F_policy - m)),   F = weighted mean of a trace's unit logits,
 *
 * pairs being weighed by the batch's `pairs`, without which every expert meets every policy trace. Traces without units
 * of their class take no part; without pairs the loss is 0. F is the logit itself where the granularity is sparse. Means
 * compare traces fairly where both have units at the same places, hence `needs.wholeTraces`.
 *
 * @see specs/36-adversarial-objectives.md
 */
export const pairwise = (options: PairwiseOptions): DiscriminatorObjective => ({
  name: `pairwise(m=${options.margin}${options.negatives === undefined ? "" : `, ${options.negatives} negatives`})`,
  needs: { wholeTraces: true, pairs: options.negatives === undefined ? {} : { negatives: options.negatives } },
  loss: (units) => {
    const [expert, policy] = [traceLogits(units.logits, units.expert), traceLogits(units.logits, units.policy)]
    const across = (column: Expr): Expr => transpose(column, [1, 0])
    const present = mul(expert.any, across(policy.any))
    const weights = units.pairs === undefined ? present : mul(units.pairs, present)
    const margins = sub(expert.logit, across(policy.logit))
    const loss = weightedMean(softplus(neg(sub(margins, options.margin))), weights)
    const mean = weightedMean(margins, weights)
    const apart = sub(margins, mean)
    return {
      loss,
      metrics: {
        bt_loss: loss,
        pairwise_acc: weightedMean(cast(greater(margins, 0), "f32"), weights),
        margin_mean: mean,
        margin_std: sqrt(weightedMean(mul(apart, apart), weights)),
        pairs_used: sum(weights),
        ...unitMetrics(units)
      }
    }
  }
})
