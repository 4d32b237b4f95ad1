import type { Demonstration, Outcome, Problem } from "../data/index.ts"
import type { AnswerCheck, Span, StepRule, Tokenizer } from "../text/index.ts"

/** Problems of one split, and an expert's solutions of some or all of them; the others are unlabelled prompts. */
export interface Split {
  readonly problems: ReadonlyArray<Problem>
  readonly demonstrations: ReadonlyArray<Demonstration>
}

export type SplitName = "train" | "validation" | "test"

/** The splits of a task. Validation is held out of the training data, never out of the test data. */
export type Splits = Readonly<Record<SplitName, Split>>

/** Where the first wrong step of a completion is, as judged by exact rules. */
export interface StepVerdict {
  /** 0-based index among `steps`, or undefined when every step is right. */
  readonly firstWrongStep: number | undefined
  /** Half-open character ranges of the steps in the completion text, in order; together they are the text. */
  readonly steps: ReadonlyArray<Span>
}

/** Questions with expert traces, and how to judge a completion. A plain value: made by a generator or a reader. */
export interface Task {
  readonly name: string
  readonly splits: Splits
  readonly tokenizer: Tokenizer
  /** What ends a step of this task's traces. */
  readonly stepRule: StepRule
  /** The text that the policy continues. Its tokens are `tokenizer.encode` of it. */
  readonly renderPrompt: (problem: Problem) => string
  /** Reads the final answer out of a completion and judges it against the problem's gold answer: Scored 1 or 0. */
  readonly checkAnswer: (problem: Problem, completion: string) => Outcome
  /** The check that was chosen in place of the task's own; outcome rewards go by it too. */
  readonly grader?: AnswerCheck
  /** The final answer that a completion gives, undefined when it gives none. */
  readonly finalAnswer: (problem: Problem, completion: string) => string | undefined
  /** Judges the steps themselves; only tasks whose steps can be checked exactly have it. */
  readonly checkSteps?: (problem: Problem, completion: string) => StepVerdict
}

/** Token ids of a prompt and of a demonstration's completion, the end token added. */
export const encodeDemonstration = (
  task: Pick<Task, "tokenizer" | "renderPrompt">,
  { problem, completion }: Demonstration
): { readonly prompt: ReadonlyArray<number>; readonly completion: ReadonlyArray<number> } => ({
  prompt: task.tokenizer.encode(task.renderPrompt(problem)),
  completion: [...task.tokenizer.encode(completion), task.tokenizer.eosId]
})
