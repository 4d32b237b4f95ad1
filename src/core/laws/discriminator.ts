import fc from "fast-check"
import type { DiscriminatorObjective } from "../objective/index.ts"
import { cuts, eighths, mixed, offsets, perToken, ROWS, reordered, rowsOf, WIDTH, widened } from "./batch.ts"
import { differentiable } from "./differentiable.ts"
import { levelSlopes } from "./gradientPenalty.ts"
import { allClose, close, type Law, law } from "./Law.ts"

type Numbers = ReadonlyArray<number>
type Label = "expert" | "policy" | "none"

const batches = fc.record({
  logits: perToken(eighths(6)),
  labels: perToken(fc.constantFrom<Label>("expert", "policy", "none"))
})

/** Units of both classes: an objective on pairs says nothing about one alone. */
const parted = batches.filter(({ labels }) => labels.includes("expert") && labels.includes("policy"))

const weights = (labels: ReadonlyArray<Label>, of: Label): Numbers => labels.map((label) => (label === of ? 1 : 0))

const total = (xs: Numbers): number => xs.reduce((sum, x) => sum + x, 0)

const take = <A>(xs: ReadonlyArray<A>, places: Numbers): ReadonlyArray<A> => places.map((i) => xs[i]!)

/** Properties that some objectives have and others do without. */
export interface DiscriminatorClaims {
  /** Units may change places with those of other traces; true by default. Not where a trace, or a pair, counts as one. */
  readonly unitsExchangeable?: boolean
  /** Losses of micro-batches that know the whole's `totals` add up, and half a weight twice is one; true by default. */
  readonly additive?: boolean
  /** No loss is below 0; false by default. */
  readonly nonNegative?: boolean
  /** Most that the sizes of the gradient in all logits add up to; not looked at by default. */
  readonly gradientBound?: number
  /** Logit of expert units, and its negative that of policy units, at which no other lowers the loss; not looked at by default. */
  readonly bestLogit?: number
}

/**
 * What holds of every discriminator objective on units: it parts the classes, sees them alike, ignores the rest; and of
 * this one by its claims. Slopes, where it reads them, are all 1; `gradientPenalty` has the laws of others.
 */
export const discriminator = (
  subject: DiscriminatorObjective,
  claims: DiscriminatorClaims = {}
): ReadonlyArray<Law> => {
  const { unitsExchangeable = true, additive = true, nonNegative = false, gradientBound, bestLogit } = claims
  const beside = subject.needs?.slopes === true ? { slopes: levelSlopes } : {}
  const built = (width: number) => {
    const shape = [ROWS, width]
    return differentiable(
      { logits: shape, expert: shape, policy: shape },
      "logits",
      (units) => subject.loss({ ...units, ...beside }).loss
    )
  }
  const [run, wide] = [built(WIDTH), built(2 * WIDTH)]
  const shape = [ROWS, WIDTH]
  const part = differentiable(
    { logits: shape, expert: shape, policy: shape, ofExpert: [1, 1], ofPolicy: [1, 1] },
    "logits",
    ({ ofExpert, ofPolicy, ...units }) =>
      subject.loss({ ...units, ...beside, totals: { expert: ofExpert, policy: ofPolicy } }).loss
  )
  const of = (logits: Numbers, labels: ReadonlyArray<Label>) =>
    run({ logits, expert: weights(labels, "expert"), policy: weights(labels, "policy") })
  const unmoved = (logits: Numbers, labels: ReadonlyArray<Label>, places: Numbers) =>
    close(of(logits, labels).loss, of(take(logits, places), take(labels, places)).loss)

  const always = [
    law(
      `${subject.name}: loss and gradient are finite, classes without a unit included`,
      batches,
      ({ logits, labels }) => {
        const { loss, gradient } = of(logits, labels)
        return [loss, ...gradient].every(Number.isFinite)
      }
    ),
    law(
      `${subject.name}: a logit that belongs to no unit moves nothing and is not moved`,
      fc.tuple(batches, eighths(6)),
      ([{ logits, labels }, other]) => {
        const { loss, gradient } = of(logits, labels)
        const moved = of(
          logits.map((f, i) => (labels[i] === "none" ? other : f)),
          labels
        )
        return close(loss, moved.loss) && gradient.every((g, i) => labels[i] !== "none" || g === 0)
      }
    ),
    law(
      `${subject.name}: padding on either side, of any width, changes nothing`,
      fc.tuple(batches, offsets, eighths(6)),
      ([{ logits, labels }, offset, other]) => {
        const [expert, policy] = [weights(labels, "expert"), weights(labels, "policy")]
        const { loss, gradient } = run({ logits, expert, policy })
        const padded = wide({
          logits: widened(logits, offset, other),
          expert: widened(expert, offset, 0),
          policy: widened(policy, offset, 0)
        })
        return close(loss, padded.loss) && allClose(widened(gradient, offset, 0), padded.gradient)
      }
    ),
    law(`${subject.name}: classes swapped and logits negated give the same loss`, batches, ({ logits, labels }) => {
      const swapped = labels.map(
        (label): Label => (label === "expert" ? "policy" : label === "policy" ? "expert" : label)
      )
      const negated = logits.map((f) => -f)
      return close(of(logits, labels).loss, of(negated, swapped).loss)
    }),
    law(
      `${subject.name}: traces, and the units within them, in another order give the same loss`,
      fc.tuple(batches, reordered),
      ([{ logits, labels }, places]) => unmoved(logits, labels, places)
    ),
    law(`${subject.name}: at a logit of 0 the expert is pushed up and the policy down`, parted, ({ labels }) =>
      of(
        labels.map(() => 0),
        labels
      ).gradient.every((g, i) => (labels[i] === "expert" ? g < 0 : labels[i] === "policy" ? g > 0 : g === 0))
    ),
    law(
      `${subject.name}: units of n tokens that all have its logit and its weight give the units' loss`,
      batches,
      ({ logits, labels }) => {
        const twice = <A>(xs: ReadonlyArray<A>) => xs.flatMap((x) => [x, x])
        const [expert, policy] = [weights(labels, "expert"), weights(labels, "policy")]
        const tokens = wide({ logits: twice(logits), expert: twice(expert), policy: twice(policy) })
        return close(run({ logits, expert, policy }).loss, tokens.loss)
      }
    )
  ]
  const exchangeable = law(
    `${subject.name}: units in another order, across traces, give the same loss`,
    fc.tuple(batches, mixed),
    ([{ logits, labels }, places]) => unmoved(logits, labels, places)
  )
  const adds = [
    law(
      `${subject.name}: losses and gradients of micro-batches add up to the whole's`,
      fc.tuple(batches, cuts),
      ([{ logits, labels }, cut]) => {
        const [expert, policy] = [weights(labels, "expert"), weights(labels, "policy")]
        const totals = { ofExpert: [total(expert)], ofPolicy: [total(policy)] }
        const rows = (from: number, to: number) =>
          part({ logits, expert: rowsOf(expert, from, to), policy: rowsOf(policy, from, to), ...totals })
        const [whole, first, second] = [run({ logits, expert, policy }), rows(0, cut), rows(cut, ROWS)]
        return (
          close(first.loss + second.loss, whole.loss) &&
          allClose(
            first.gradient.map((g, i) => g + second.gradient[i]!),
            whole.gradient
          )
        )
      }
    ),
    law(`${subject.name}: a trace that is there twice with half its weight counts once`, batches, (batch) => {
      const again = <A>(xs: ReadonlyArray<A>) => [...xs.slice(0, -WIDTH), ...xs.slice(0, WIDTH)]
      const [logits, labels] = [again(batch.logits), again(batch.labels)]
      const [expert, policy] = [weights(labels, "expert"), weights(labels, "policy")]
      const halved = (xs: Numbers) => xs.map((w, i) => (i < WIDTH || i >= (ROWS - 1) * WIDTH ? w / 2 : w))
      const once = { logits, expert: rowsOf(expert, 0, ROWS - 1), policy: rowsOf(policy, 0, ROWS - 1) }
      return close(run({ logits, expert: halved(expert), policy: halved(policy) }).loss, run(once).loss)
    })
  ]
  const positive = law(
    `${subject.name}: no loss is negative`,
    batches,
    ({ logits, labels }) => of(logits, labels).loss >= 0
  )
  const bounded = (bound: number) =>
    law(
      `${subject.name}: however wrong, no gradient pulls harder than ${bound} in all`,
      batches,
      ({ logits, labels }) =>
        total(
          of(
            logits.map((f) => 50 * f),
            labels
          ).gradient.map(Math.abs)
        ) <=
        bound * (1 + 1e-9)
    )
  const best = (logit: number) =>
    law(
      `${subject.name}: the loss is smallest where expert units are at ${logit} and policy units at ${-logit}`,
      parted,
      ({ logits, labels }) => {
        const { loss, gradient } = of(
          labels.map((label) => (label === "policy" ? -logit : logit)),
          labels
        )
        return gradient.every((g) => close(g, 0)) && loss <= of(logits, labels).loss + 1e-9
      }
    )
  return [
    ...always,
    ...(unitsExchangeable ? [exchangeable] : []),
    ...(additive ? adds : []),
    ...(nonNegative ? [positive] : []),
    ...(gradientBound === undefined ? [] : [bounded(gradientBound)]),
    ...(bestLogit === undefined ? [] : [best(bestLogit)])
  ]
}
