import { aurocOf } from "../evaluation/index.ts"

/** How a critic separates traces that it was not trained on. */
export interface Health {
  /** Share of expert units with a logit above 0, and of policy units with one below. */
  readonly acc_pos: number
  readonly acc_neg: number
  /** Chance that an expert unit outscores a policy unit. */
  readonly auroc: number
  /** Mean logit of expert units less that of policy units. */
  readonly margin: number
}

const mean = (xs: ReadonlyArray<number>): number => xs.reduce((s, x) => s + x, 0) / Math.max(1, xs.length)

/** Health from logits of units; `undefined` where a class has none. */
export const health = (expert: ReadonlyArray<number>, policy: ReadonlyArray<number>): Health | undefined => {
  const auroc = aurocOf({
    correct: [...expert.map(() => true), ...policy.map(() => false)],
    scores: [...expert, ...policy]
  })
  if (auroc === undefined) return undefined
  return {
    acc_pos: mean(expert.map((f) => (f > 0 ? 1 : 0))),
    acc_neg: mean(policy.map((f) => (f < 0 ? 1 : 0))),
    auroc,
    margin: mean(expert) - mean(policy)
  }
}
