import fc from "fast-check"
import type { RewardForm } from "../objective/index.ts"
import { close, type Law, law } from "./Law.ts"

const logits = fc.double({ min: -1e4, max: 1e4, noNaN: true })

/** Properties that some reward forms have. */
export interface RewardFormClaims {
  /** The reward from log D and log(1 - D), D = σ(f) being the probability that a unit is the expert's; not looked at by default. */
  readonly definition?: (logExpert: number, logPolicy: number) => number
}

/** Logits at which both logarithms can be formed from D itself. */
const moderate = fc.double({ min: -15, max: 15, noNaN: true })

/**
 * What holds of every reward form: more expert is never worth less, and no logit gives a reward that is not finite; and of
 * this one by its claims.
 */
export const rewardForm = ({ name, reward }: RewardForm, { definition }: RewardFormClaims = {}): ReadonlyArray<Law> => [
  law(`${name}: rewards are finite, also of logits of ±1e4`, logits, (f) => Number.isFinite(reward(f))),
  law(
    `${name}: a larger logit is never worth less`,
    fc.tuple(logits, logits),
    ([a, b]) => reward(Math.min(a, b)) <= reward(Math.max(a, b))
  ),
  ...(definition === undefined
    ? []
    : [
        law(`${name}: is what its definition makes of D = σ(f)`, moderate, (f) => {
          const [d, rest] = [1 / (1 + Math.exp(-f)), 1 / (1 + Math.exp(f))]
          return close(reward(f), definition(Math.log(d), Math.log(rest)))
        })
      ])
]
