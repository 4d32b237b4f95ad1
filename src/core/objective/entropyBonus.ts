import { add, mul, sigmoid, softplus, sub } from "../program/index.ts"
import type { DiscriminatorObjective } from "./DiscriminatorObjective.ts"
import { weightedMean } from "./reduce.ts"

/**
 * An objective less η times the mean entropy of D = σ(f) over the units of both classes, H = softplus(f) - f·σ(f), in
 * nats, between 0 and log 2: holds a discriminator back from certainty (Ho & Ermon 2016, in their code).
 *
 * @param coefficient η >= 0
 */
export const entropyBonus = (objective: DiscriminatorObjective, coefficient: number): DiscriminatorObjective => ({
  ...objective,
  name: `${objective.name} + entropy(${coefficient})`,
  loss: (units) => {
    const { loss, metrics } = objective.loss(units)
    const { logits, expert, policy, totals } = units
    const whole = totals === undefined ? undefined : add(totals.expert, totals.policy)
    const entropy = weightedMean(sub(softplus(logits), mul(logits, sigmoid(logits))), add(expert, policy), whole)
    return { loss: sub(loss, mul(entropy, coefficient)), metrics: { ...metrics, disc_entropy: entropy } }
  }
})
