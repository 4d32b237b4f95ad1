import fc from "fast-check"
import type { PolicyBatch, PolicyMicroBatch, PolicyObjective } from "../objective/index.ts"
import { cuts, eighths, offsets, perToken, ROWS, reordered, rowsOf, WIDTH, widened } from "./batch.ts"
import { differentiable } from "./differentiable.ts"
import { allClose, close, type Law, law } from "./Law.ts"

type Numbers = ReadonlyArray<number>

const ofTokens = fc.record({
  logProbs: perToken(eighths(4).map((x) => x - 4)),
  advantages: perToken(eighths(3)),
  mask: perToken(fc.constantFrom(0, 1, 1, 1)),
  drift: perToken(eighths(1))
})

interface Step {
  readonly logProbs: Numbers
  readonly advantages: Numbers
  readonly mask: Numbers
  /** log π_old - log π. */
  readonly drift: Numbers
}

const feeds = ({ logProbs, advantages, mask, drift }: Step): Record<keyof PolicyBatch, Numbers> => ({
  logProbs,
  oldLogProbs: logProbs.map((x, i) => x + drift[i]!),
  referenceLogProbs: logProbs,
  advantages,
  mask
})

/** Properties of a policy objective that depend on its coefficients and its aggregation. */
export interface PolicyClaims {
  /** Whether the KL term is off; then more is known about the gradient. */
  readonly withoutKl: boolean
  /** Losses of micro-batches that know the whole's completions and tokens add up; true by default. */
  readonly additive?: boolean
  /** The tokens of a completion share one ratio, and so must share an advantage; false by default. */
  readonly sequenceRatio?: boolean
}

/** Every token of a completion has the advantage of its first. */
const ofCompletions = ofTokens.map(
  (step): Step => ({ ...step, advantages: step.advantages.map((_, i) => step.advantages[i - (i % WIDTH)]!) })
)

/** A sampler that reports what the trainer finds, for objectives that correct for one which does not. */
const sampled = <B extends PolicyBatch>(subject: PolicyObjective, batch: B): PolicyMicroBatch =>
  subject.correction === undefined ? batch : { ...batch, samplerLogProbs: batch.oldLogProbs }

/** What holds of every clipped policy objective, and of this one by its claims. */
export const policy = (subject: PolicyObjective, claims: PolicyClaims): ReadonlyArray<Law> => {
  const { withoutKl, additive = true, sequenceRatio = false } = claims
  const steps = sequenceRatio ? ofCompletions : ofTokens
  const built = (width: number) => {
    const shape = [ROWS, width]
    return differentiable(
      { logProbs: shape, oldLogProbs: shape, referenceLogProbs: shape, advantages: shape, mask: shape },
      "logProbs",
      (batch) => subject.loss(sampled(subject, batch)).loss
    )
  }
  const [run, wide] = [built(WIDTH), built(2 * WIDTH)]
  const shape = [ROWS, WIDTH]
  const part = differentiable(
    {
      logProbs: shape,
      oldLogProbs: shape,
      referenceLogProbs: shape,
      advantages: shape,
      mask: shape,
      completions: [1, 1],
      tokens: [1, 1]
    },
    "logProbs",
    (batch) => subject.loss(sampled(subject, batch)).loss
  )
  const drifted = (step: Step) => run(feeds(step))
  const onPolicy = (step: Step, factor = 1) =>
    drifted({ ...step, advantages: step.advantages.map((a) => factor * a), drift: step.drift.map(() => 0) })

  const always = [
    law(`${subject.name}: loss and gradient are finite`, steps, (step) => {
      const { loss, gradient } = drifted(step)
      return [loss, ...gradient].every(Number.isFinite)
    }),
    law(`${subject.name}: tokens outside the mask move nothing and are not moved`, steps, (step) => {
      const hidden = (xs: Numbers) => xs.map((x, i) => (step.mask[i] === 0 ? -1 : x))
      const { loss, gradient } = drifted(step)
      const other = drifted({ ...step, advantages: hidden(step.advantages), drift: hidden(step.drift) })
      return close(loss, other.loss) && gradient.every((g, i) => step.mask[i] === 1 || g === 0)
    }),
    law(
      `${subject.name}: padding on either side, of any width, changes nothing`,
      fc.tuple(steps, offsets),
      ([step, offset]) => {
        const { loss, gradient } = drifted(step)
        const { mask, ...others } = feeds(step)
        const padded = wide({
          logProbs: widened(others.logProbs, offset, -1),
          oldLogProbs: widened(others.oldLogProbs, offset, -3),
          referenceLogProbs: widened(others.referenceLogProbs, offset, -2),
          advantages: widened(others.advantages, offset, 5),
          mask: widened(mask, offset, 0)
        })
        return close(loss, padded.loss) && allClose(widened(gradient, offset, 0), padded.gradient)
      }
    ),
    law(`${subject.name}: no advantage and no distance from the reference give no gradient`, steps, (step) =>
      onPolicy(step, 0).gradient.every((g) => close(g, 0))
    ),
    law(
      `${subject.name}: at ratio 1 the gradient is the policy gradient, -A of each token times its weight`,
      steps,
      (step) => {
        const weight = onPolicy({ ...step, advantages: step.advantages.map(() => -1) }).gradient
        const { gradient } = onPolicy(step)
        return (
          weight.every((w, i) => (step.mask[i] === 0 ? w === 0 : w > 0)) &&
          allClose(
            gradient,
            weight.map((w, i) => -step.advantages[i]! * w)
          )
        )
      }
    ),
    law(
      `${subject.name}: completions in another order, and tokens alike in all, give the same loss`,
      fc.tuple(steps, reordered),
      ([step, places]) => {
        const moved = (xs: Numbers) => places.map((i) => xs[i]!)
        const { logProbs, advantages, mask, drift } = step
        const other = {
          logProbs: moved(logProbs),
          advantages: moved(advantages),
          mask: moved(mask),
          drift: moved(drift)
        }
        const [here, there] = [drifted(step), drifted(other)]
        return close(here.loss, there.loss) && allClose(moved(here.gradient), there.gradient)
      }
    )
  ]
  const adds = law(
    `${subject.name}: losses and gradients of micro-batches add up to the whole's`,
    fc.tuple(steps, cuts),
    ([step, cut]) => {
      const all = feeds(step)
      const whole = { completions: [ROWS], tokens: [all.mask.reduce((sum, m) => sum + m, 0)] }
      const rows = (from: number, to: number) => part({ ...all, ...whole, mask: rowsOf(all.mask, from, to) })
      const [together, first, second] = [run(all), rows(0, cut), rows(cut, ROWS)]
      return (
        close(first.loss + second.loss, together.loss) &&
        allClose(
          first.gradient.map((g, i) => g + second.gradient[i]!),
          together.gradient
        )
      )
    }
  )
  const pessimistic = law(
    `${subject.name}: clipping never makes the objective better than the plain ratio`,
    steps,
    (step) => {
      // The plain surrogate enters the same objective at ratio 1, as an advantage ρ·A.
      const plain = step.advantages.map((a, i) => Math.exp(-step.drift[i]!) * a)
      const unclipped = onPolicy({ ...step, advantages: plain }).loss
      return drifted(step).loss >= unclipped - 1e-9 * Math.max(1, Math.abs(unclipped))
    }
  )
  return [...always, ...(additive ? [adds] : []), ...(withoutKl ? [pessimistic] : [])]
}
