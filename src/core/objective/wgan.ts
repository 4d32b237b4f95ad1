import { add, InvalidProgram, mul, sub } from "../program/index.ts"
import { type DiscriminatorBatch, type DiscriminatorObjective, unitMetrics } from "./DiscriminatorObjective.ts"
import { unitSlopePenalty } from "./gradientPenalty.ts"
import { weightedMean } from "./reduce.ts"

export interface WganOptions {
  /** λ >= 0, 10 in the literature. Above 0 the batch must bring slopes. */
  readonly gradientPenalty: number
}

const penaltyOf = ({ slopes }: DiscriminatorBatch) => {
  if (slopes === undefined) {
    throw new InvalidProgram({
      reason: "wgan's gradient penalty differentiates the critic between traces; give the batch its slopes."
    })
  }
  return unitSlopePenalty(slopes)
}

/**
 * The Wasserstein critic, L = mean_policy f - mean_expert f + λ·GP, means over the units of a class.
 *
 * Nothing but the penalty bounds it: with λ = 0 the logits grow without end. It bounds slopes in the inputs, not what a
 * critic makes of where units lie, so both classes should have units at the same places (`needs.wholeTraces`).
 *
 * @throws InvalidProgram when λ > 0 and the batch has no slopes
 * @see specs/36-adversarial-objectives.md
 */
export const wgan = (options: WganOptions): DiscriminatorObjective => ({
  name: `wgan(λ=${options.gradientPenalty})`,
  needs: { wholeTraces: true, ...(options.gradientPenalty === 0 ? {} : { slopes: true }) },
  loss: (units) => {
    const { logits, expert, policy, totals } = units
    const distance = sub(weightedMean(logits, expert, totals?.expert), weightedMean(logits, policy, totals?.policy))
    const metrics = { wasserstein: distance, ...unitMetrics(units) }
    const loss = mul(distance, -1)
    if (options.gradientPenalty === 0) return { loss, metrics }
    const { penalty, meanNorm } = penaltyOf(units)
    return {
      loss: add(loss, mul(penalty, options.gradientPenalty)),
      metrics: { ...metrics, gradient_penalty: penalty, critic_grad_norm: meanNorm }
    }
  }
})
