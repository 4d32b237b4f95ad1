import fc from "fast-check"
import type { KlEstimator } from "../objective/index.ts"
import { mul, sum } from "../program/index.ts"
import { eighths } from "./batch.ts"
import { differentiable } from "./differentiable.ts"
import { close, type Law, law } from "./Law.ts"

type Numbers = ReadonlyArray<number>

const TOKENS = 4

const logSoftmax = (logits: Numbers): Numbers => {
  const log = Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0))
  return logits.map((z) => z - log)
}

/** Log-probabilities of all tokens of a small vocabulary. */
const distributions = fc.array(eighths(2), { minLength: TOKENS, maxLength: TOKENS }).map(logSoftmax)

/** Properties that some estimators have and others do without. */
export interface KlClaims {
  /** In the mean over the policy's tokens it is KL(π ‖ π_ref). */
  readonly unbiased: boolean
  /** It is never below 0, whatever the token. */
  readonly nonNegative: boolean
}

/** What holds of every estimator of KL(π ‖ π_ref), and of this one by its claims. */
export const klEstimator = (subject: KlEstimator, { unbiased, nonNegative }: KlClaims): ReadonlyArray<Law> => {
  const shape = [TOKENS]
  const run = differentiable({ own: shape, reference: shape, weights: shape }, "own", (x) =>
    sum(mul(subject.estimate(x.own, x.reference), x.weights))
  )
  const mean = (own: Numbers, reference: Numbers): number => run({ own, reference, weights: own.map(Math.exp) }).loss
  const one = (own: Numbers, reference: Numbers, token: number): number =>
    run({ own, reference, weights: own.map((_, t) => (t === token ? 1 : 0)) }).loss
  const exact = (own: Numbers, reference: Numbers): number =>
    own.reduce((kl, p, t) => kl + Math.exp(p) * (p - reference[t]!), 0)
  const pairs = fc.tuple(distributions, distributions)
  return [
    law(`${subject.name}: 0 for every token where the two agree`, distributions, (own) =>
      own.every((_, token) => Math.abs(one(own, own, token)) < 1e-12)
    ),
    ...(nonNegative
      ? [
          law(`${subject.name}: no token's estimate is below 0`, pairs, ([own, reference]) =>
            own.every((_, token) => one(own, reference, token) >= 0)
          )
        ]
      : []),
    ...(unbiased
      ? [
          law(`${subject.name}: KL(π ‖ π_ref) in the mean over the policy's tokens`, pairs, ([own, reference]) =>
            close(mean(own, reference), exact(own, reference))
          )
        ]
      : [])
  ]
}
