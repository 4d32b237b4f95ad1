import { type Data, type Task, Text } from "rewardflow"
import { stepOf } from "./Measure.ts"

/** A token of a trace as shown: its text, and its reward in logits (high: the expert would write so). */
export interface JudgedToken {
  readonly text: string
  readonly reward: number
}

/** A trace as shown: its tokens by step, a line a step, and what exact rules say of it. */
export interface JudgedTrace {
  readonly steps: ReadonlyArray<ReadonlyArray<JudgedToken>>
  /** Sum of the token rewards. */
  readonly total: number
  /** The lowest token reward; what ranks traces in the measure. */
  readonly lowest: number
  /** 0-based; undefined when every step is right. The model is never told. */
  readonly firstWrongStep: number | undefined
}

/** A trace from the rewards of its units. */
export const judgedTrace = (options: {
  readonly task: Task.Task
  readonly problem: Data.Problem
  readonly text: string
  readonly completion: ReadonlyArray<number>
  readonly rewards: ReadonlyArray<number>
}): JudgedTrace => {
  const { task, problem, text, completion, rewards } = options
  const stepOfToken = stepOf(task.tokenizer, completion)
  const shown = Text.pieces(task.tokenizer, completion)
  const tokens = shown.map((piece, t): JudgedToken => ({ text: piece, reward: rewards[t]! }))
  const count = (stepOfToken.at(-1) ?? -1) + 1
  return {
    steps: Array.from({ length: count }, (_, s) => tokens.filter((_, t) => stepOfToken[t] === s)),
    total: rewards.reduce((sum, x) => sum + x, 0),
    lowest: rewards.reduce((low, x) => Math.min(low, x), Number.POSITIVE_INFINITY),
    firstWrongStep: task.checkSteps?.(problem, text).firstWrongStep
  }
}
