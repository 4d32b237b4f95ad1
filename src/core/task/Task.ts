import type { Demonstration, Outcome, Problem } from "../data/index.ts"
import type { Tokenizer } from "../text/index.ts"

/** Problems and demonstrations of one split. Demonstrations are of this split's problems only. */
export interface Split {
  readonly problems: ReadonlyArray<Problem>
  readonly demonstrations: ReadonlyArray<Demonstration>
}

/** The splits of a task. Validation is held out of the training data, never out of the test data. */
export interface Splits {
  readonly train: Split
  readonly validation: Split
  readonly test: Split
}

/** Where the first wrong step of a completion is, as judged by exact rules. */
export interface StepVerdict {
  /** 0-based index among `steps`, or undefined when every step is right. */
  readonly firstWrongStep: number | undefined
  /** Half-open character ranges of the steps in the completion text, in order. */
  readonly steps: ReadonlyArray<{ readonly start: number; readonly end: number }>
}

/** Questions with expert traces, and how to judge a completion. A plain value: made by a generator or a reader. */
export interface Task {
  readonly name: string
  readonly splits: Splits
  readonly tokenizer: Tokenizer
  /** The text that the policy continues. Its tokens are `tokenizer.encode` of it. */
  readonly renderPrompt: (problem: Problem) => string
  /** Reads the final answer out of a completion and judges it against the problem's gold answer. */
  readonly checkAnswer: (problem: Problem, completion: string) => Outcome
  /** The final answer that a completion gives, undefined when it gives none. */
  readonly finalAnswer: (problem: Problem, completion: string) => string | undefined
  /** Judges the steps themselves; only tasks whose steps can be checked exactly have it. */
  readonly checkSteps?: (problem: Problem, completion: string) => StepVerdict
}
