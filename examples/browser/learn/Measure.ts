import { Evaluation, Reward, Text } from "rewardflow"
import type { Pair } from "./madeUp.ts"

/** How a reward does on traces that it was not trained on. */
export interface Measure {
  /** Chance that a right trace's lowest token reward is above a wrong trace's. 0.5 is guessing. */
  readonly auroc: number
  /** Share of the wrong traces whose first negative token lies in the step that is wrong first. */
  readonly located: number
  /** What a step drawn at random would reach. */
  readonly chance: number
  /** Share of the right traces in which some token has a negative reward. */
  readonly falseAlarms: number
  /** Problems, each with a right and a wrong trace. */
  readonly pairs: number
}

const { hitAt1OfRow } = Evaluation.Localisation

const mean = (xs: ReadonlyArray<number>): number => xs.reduce((sum, x) => sum + x, 0) / Math.max(1, xs.length)

const lowest = (rewards: ArrayLike<number>): number =>
  Array.from(rewards).reduce((low, x) => Math.min(low, x), Number.POSITIVE_INFINITY)

/** The unit of each token of a trace, a line a step. */
export const stepOf = (tokenizer: Text.Tokenizer, completion: ReadonlyArray<number>): Int32Array =>
  Reward.Granularities.stepwise(Text.StepRules.lines).partition({
    ids: completion,
    pieces: Text.pieces(tokenizer, completion)
  }).unitOf

/** 1 for the step of the first negative token and 0 for the others; alike where no token is negative. */
export const suspicion = (rewards: ArrayLike<number>, steps: Int32Array): ReadonlyArray<number> => {
  const first = Array.from(rewards).findIndex((x) => x < 0)
  return Array.from({ length: (steps.at(-1) ?? -1) + 1 }, (_, s) => (first >= 0 && steps[first] === s ? 1 : 0))
}

/** Measures token rewards of pairs, `right[i]` and `wrong[i]` being those of the i-th. */
export const measure = (
  tokenizer: Text.Tokenizer,
  pairs: ReadonlyArray<Pair>,
  rewards: { readonly right: ReadonlyArray<ArrayLike<number>>; readonly wrong: ReadonlyArray<ArrayLike<number>> }
): Measure => {
  const { right, wrong } = rewards
  const auroc = Evaluation.aurocOf({
    correct: [...right.map(() => true), ...wrong.map(() => false)],
    scores: [...right, ...wrong].map(lowest)
  })
  const rows = pairs.map((pair, i) => ({
    suspicion: suspicion(wrong[i]!, stepOf(tokenizer, pair.wrong.completion)),
    target: pair.verdict.firstWrongStep!
  }))
  return {
    auroc: auroc ?? Number.NaN,
    located: mean(rows.map((row) => hitAt1OfRow(row.suspicion, row.target))),
    chance: mean(rows.map((row) => 1 / row.suspicion.length)),
    falseAlarms: mean(right.map((row) => (lowest(row) < 0 ? 1 : 0))),
    pairs: pairs.length
  }
}
