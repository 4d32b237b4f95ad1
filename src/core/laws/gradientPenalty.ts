import fc from "fast-check"
import { Discriminator, type DiscriminatorObjective, type Slopes } from "../objective/index.ts"
import { type Expr, full, matMul, mul, reshape, sqrt, sub, sum } from "../program/index.ts"
import { differentiable } from "./differentiable.ts"
import { close, type Law, law } from "./Law.ts"

/** Traces, tokens and width of the inputs between which critics are differentiated. */
const [M, T, D] = [2, 3, 3] as const
const embedded = [M, T, D]
const units = [M, T]

/** Functions [M, T, D] -> [M, T] of a way w with ‖w‖ = 1, whose derivative in the coordinates of a trace has length 1. */
const critics = {
  /** ⟨w, x_t⟩: the same derivative everywhere. */
  plane: (x: Expr, way: Expr): Expr => reshape(matMul(reshape(x, [M * T, D]), reshape(way, [D, 1])), [M, T]),
  /** ‖x - 9w‖ over all coordinates of a trace: another direction at every point. */
  cone: (x: Expr, way: Expr): Expr => {
    const away = sub(x, mul(reshape(way, [1, 1, D]), 9))
    return mul(reshape(sqrt(sum(mul(away, away), [1, 2])), [M, 1]), full([1, T], 1))
  }
}

const numbers = (count: number, of: fc.Arbitrary<number>) => fc.array(of, { minLength: count, maxLength: count })

const between = (low: number, high: number): fc.Arbitrary<number> =>
  fc.integer({ min: 8 * low, max: 8 * high }).map((n) => n / 8)

const cases = fc.record({
  critic: fc.constantFrom<keyof typeof critics>("plane", "cone"),
  way: numbers(D, between(-2, 2)).filter((w) => w.some((x) => x !== 0)),
  expert: numbers(M * T * D, between(-2, 2)),
  policy: numbers(M * T * D, between(-2, 2)),
  mix: numbers(M, between(0, 1)),
  logits: numbers(M * T, between(-6, 6)),
  unit: fc.nat(T - 1),
  /** Of each trace. */
  slopes: numbers(M, fc.oneof(fc.constant(1), between(0, 3)))
})
type Case = typeof cases extends fc.Arbitrary<infer C> ? C : never

/** Slopes of which none is penalised. */
export const levelSlopes: Slopes = { norms: full([M, 1], 1), counted: full([M, 1], 1) }

/** What critics of given slopes add to the loss, and its gradient in the slopes; second order in the critic. */
const penaltyOf = (subject: DiscriminatorObjective) => {
  const built = (critic: (x: Expr, way: Expr) => Expr) =>
    differentiable(
      { slopes: [M, 1], way: [D], expert: embedded, policy: embedded, mix: [M, 1, 1], logits: units, weights: units },
      "slopes",
      ({ slopes: steepness, way, expert, policy, mix, logits, weights }) => {
        const found = Discriminator.slopesAt({
          critic: (x) => mul(critic(x, way), steepness),
          ...{ expert, policy, mix, weights }
        })
        const lossAt = (slopes: Slopes) => subject.loss({ logits, expert: weights, policy: weights, slopes }).loss
        return sub(lossAt(found), lossAt(levelSlopes))
      }
    )
  const [plane, cone] = [built(critics.plane), built(critics.cone)]
  return ({ critic, unit, way, ...values }: Case) => {
    const norm = Math.hypot(...way)
    return { plane, cone }[critic]({
      ...values,
      way: way.map((x) => x / norm),
      weights: Array.from({ length: M * T }, (_, i) => (i % T === unit ? 1 : 0))
    })
  }
}

/**
 * What holds of an objective that penalises slopes away from 1, tried on critics whose slopes are known: planes and
 * distances from a point. Every trace has a slope of its own, so that a penalty on their mean is found out.
 *
 * @see specs/36-adversarial-objectives.md
 */
export const gradientPenalty = (subject: DiscriminatorObjective): ReadonlyArray<Law> => {
  const penalty = penaltyOf(subject)
  return [
    law(
      `${subject.name}: the penalty is 0 exactly for critics of unit gradient, and above 0 for others`,
      cases,
      (c) => {
        const { loss } = penalty(c)
        return c.slopes.every((s) => s === 1) ? close(loss, 0) : loss > 1e-9
      }
    ),
    law(`${subject.name}: the penalty pulls every slope towards 1`, cases, (c) =>
      // A flat critic has no direction to be pulled in, but it must not give NaN.
      penalty(c).gradient.every((g, i) =>
        c.slopes[i] === 0
          ? Number.isFinite(g)
          : c.slopes[i] === 1
            ? close(g, 0)
            : Math.sign(g) === Math.sign(c.slopes[i]! - 1)
      )
    )
  ]
}
