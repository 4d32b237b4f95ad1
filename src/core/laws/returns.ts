import fc from "fast-check"
import type { AdvantageEstimator } from "../objective/index.ts"
import { groups } from "./advantage.ts"
import { allClose, type Law, law } from "./Law.ts"

type Numbers = ReadonlyArray<number>

const discounts = fc.oneof(
  fc.constantFrom(0, 1),
  fc.integer({ min: 1, max: 99 }).map((n) => n / 100)
)

const values = fc.array(
  fc.integer({ min: -40, max: 40 }).map((n) => n / 8),
  { maxLength: 20 }
)

/** What is made of γ^{j-k}·x_j for j >= k: their sum, or their sum over that of the weights. */
export type Discounting = "sum" | "mean"

/** The definition itself, a double sum. */
const defined = (xs: Numbers, gamma: number, as: Discounting): Numbers =>
  xs.map((_, k) => {
    const weights = xs.slice(k).map((_, n) => gamma ** n)
    const total = xs.slice(k).reduce((sum, x, n) => sum + weights[n]! * x, 0)
    return as === "sum" ? total : total / weights.reduce((sum, w) => sum + w, 0)
  })

/** What holds of discounted returns to go, however they are computed. */
export const returns = (
  name: string,
  of: (rewards: Numbers, gamma: number) => ArrayLike<number>,
  as: Discounting
): ReadonlyArray<Law> => [
  law(`${name}: equals its definition, a double sum`, fc.tuple(values, discounts), ([xs, gamma]) =>
    allClose(of(xs, gamma), defined(xs, gamma, as))
  ),
  law(`${name}: at γ = 0 it is the reward itself`, values, (xs) => allClose(of(xs, 0), xs)),
  law(`${name}: at γ = 1 it is the plain ${as} of what follows`, values, (xs) =>
    allClose(
      of(xs, 1),
      xs.map((_, k) => xs.slice(k).reduce((sum, x) => sum + x, 0) / (as === "sum" ? 1 : xs.length - k))
    )
  ),
  law(`${name}: 5000 rewards give finite numbers, whatever γ`, discounts, (gamma) =>
    Array.from(of(new Array<number>(5000).fill(1), gamma)).every(Number.isFinite)
  )
]

/** How a family of advantage estimators discounts. */
export interface DiscountClaims {
  readonly as: Discounting
  /** What follows is counted in these. */
  readonly over: "units" | "tokens"
}

/**
 * What holds of advantages that are discounted returns: at every γ they are what the definition makes of those at γ = 0,
 * which are the differences of single units, or tokens, from the group.
 */
export const discountedAdvantage = (
  family: (gamma: number) => AdvantageEstimator,
  { as, over }: DiscountClaims
): ReadonlyArray<Law> => {
  const { name } = family(1)
  return [
    law(
      `${name}, and at any other γ: the ${as} over the ${over} that follow of what it is at γ = 0`,
      fc.tuple(groups, discounts),
      ([group, gamma]) => {
        const [single, found] = [family(0).estimate(group), family(gamma).estimate(group)]
        return found.every((row, i) => {
          const places = Array.from(group[i]!.unitOf)
          const own = Array.from(single[i]!)
          if (over === "tokens") return allClose(row, defined(own, gamma, as), 1e-7)
          const units = own.filter((_, t) => places[t] !== places[t - 1])
          const expected = defined(units, gamma, as)
          return allClose(
            row,
            places.map((k) => expected[k]!),
            1e-7
          )
        })
      }
    )
  ]
}
