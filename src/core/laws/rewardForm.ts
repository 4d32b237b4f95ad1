import fc from "fast-check"
import type { RewardForm } from "../objective/index.ts"
import { type Law, law } from "./Law.ts"

const logits = fc.double({ min: -1e4, max: 1e4, noNaN: true })

/** What holds of every reward form: more expert is never worth less, and no logit gives a reward that is not finite. */
export const rewardForm = ({ name, reward }: RewardForm): ReadonlyArray<Law> => [
  law(`${name}: rewards are finite, also of logits of ±1e4`, logits, (f) => Number.isFinite(reward(f))),
  law(
    `${name}: a larger logit is never worth less`,
    fc.tuple(logits, logits),
    ([a, b]) => reward(Math.min(a, b)) <= reward(Math.max(a, b))
  )
]
