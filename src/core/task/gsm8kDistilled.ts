import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type Demonstration, type FileError, Sources } from "../data/index.ts"
import { AnswerChecks, ThinkAnswer } from "../text/index.ts"
import { answerTask, demonstrated } from "./answerTask.ts"
import { lastBoxed } from "./boxedAnswer.ts"
import { countReasons, type LeftOut } from "./choiceProblem.ts"
import type { Gsm8kOptions } from "./gsm8k.ts"
import { holdOut } from "./holdOut.ts"
import type { Task } from "./Task.ts"

/** The task, and the rows of train and test that are no part of it, by reason. */
export interface Gsm8kDistilled {
  readonly task: Task
  readonly leftOut: LeftOut
}

const Row = Schema.Struct({ question: Schema.NonEmptyString, answer: Schema.String })

/** A model's solution in parts, or why it has none of them. */
export type Solution =
  | { readonly _tag: "Solution"; readonly trace: string; readonly finalAnswer: string }
  | { readonly _tag: "None"; readonly reason: string }

const none = (reason: string): Solution => ({ _tag: "None", reason })

/**
 * The think block of a language model's solution and the non-negative integer boxed after it (else in it), thousands
 * separators dropped. A solution without either is none: its text is taken neither for a trace nor for an answer.
 */
export const readBoxedSolution = (text: string): Solution => {
  const block = ThinkAnswer.think(text)
  if (block._tag !== "Found") return none("no think block")
  if (block.text === "") return none("no reasoning")
  const boxed = (lastBoxed(text.slice(block.span.end)) ?? lastBoxed(block.text))?.replace(
    /(?<=\d)(?:,|\{,\}|\\,|\\!)+(?=\d{3})/g,
    ""
  )
  if (boxed === undefined) return none("no boxed answer")
  return /^\d+$/.test(boxed)
    ? { _tag: "Solution", trace: block.text, finalAnswer: boxed }
    : none("the boxed answer is no integer")
}

/**
 * GSM8K's questions with a language model's think blocks and boxed answers, rows {question, answer}. The gold answer is
 * the boxed one, as published. Answers are compared as numbers. Validation is drawn from the training rows.
 *
 * @see specs/26-tasks.md
 */
export const gsm8kDistilled = (
  options: Gsm8kOptions
): Effect.Effect<Gsm8kDistilled, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { folder, validation = 500, seed = 0, ...shown } = options
    const load = (split: "train" | "test") =>
      Effect.map(
        Effect.flatMap(Sources.split(folder, split), (source) => Sources.readAll(source, Row)),
        (rows) =>
          rows.map(({ question, answer }, i) => {
            const solution = readBoxedSolution(answer)
            if (solution._tag === "None") return solution
            const { trace, finalAnswer } = solution
            const problem = { id: `gsm8k-distilled-${split}-${i}`, prompt: question, finalAnswer }
            return { problem, completion: ThinkAnswer.render(trace, finalAnswer), finalAnswer } satisfies Demonstration
          })
      )
    const [all, test] = yield* Effect.all([load("train"), load("test")])
    type Read = (typeof all)[number]
    const solved = (read: ReadonlyArray<Read>): ReadonlyArray<Demonstration> =>
      read.flatMap((r) => ("problem" in r ? [r] : []))
    const [held = [], train = []] = holdOut(solved(all), [validation], {
      name: "gsm8k-distilled",
      seed,
      key: ({ problem }) => String(problem.prompt)
    })
    return {
      task: answerTask({
        name: "gsm8k-distilled",
        splits: { train: demonstrated(train), validation: demonstrated(held), test: demonstrated(solved(test)) },
        check: () => AnswerChecks.number,
        ...shown
      }),
      leftOut: countReasons([...all, ...test].flatMap((r) => ("reason" in r ? [r.reason] : [])))
    }
  })
