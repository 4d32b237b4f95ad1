import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type FileError, type Problem, type Source, Sources } from "../data/index.ts"
import { formulaCheck, letterByLetter } from "../text/index.ts"
import { answerTask, demonstrated, type ShownAs } from "./answerTask.ts"
import * as SystemPrompts from "./SystemPrompt.ts"
import type { Task } from "./Task.ts"

/** Where the problems lie and how they are shown: by default after `SystemPrompts.math`. */
export interface Math500Options extends ShownAs {
  readonly test: string | Source
}

const Asked = Schema.Struct({
  problem: Schema.NonEmptyString,
  answer: Schema.NonEmptyString,
  subject: Schema.optionalKey(Schema.String),
  unique_id: Schema.optionalKey(Schema.NonEmptyString)
})

/**
 * MATH-500: competition problems to test on, whose answers are formulas in LaTeX. Without an engine they are compared
 * letter by letter, and what differs has no verdict; `gradedBy(task, formulaCheck(compare))` decides by what they mean.
 *
 * @see specs/26-tasks.md
 */
export const math500 = ({
  test,
  systemPrompt = SystemPrompts.math,
  ...shown
}: Math500Options): Effect.Effect<Task, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.map(Sources.readAll(typeof test === "string" ? Sources.file(test) : test, Asked), (rows) => {
    const problems = rows.map(
      ({ problem: prompt, answer, subject, unique_id }, i): Problem => ({
        id: `math-500-${unique_id ?? i}`,
        prompt,
        finalAnswer: answer.trim(),
        ...(subject === undefined ? {} : { category: subject })
      })
    )
    return answerTask({
      name: "math_500",
      splits: { train: demonstrated([]), validation: demonstrated([]), test: { problems, demonstrations: [] } },
      check: () => formulaCheck(letterByLetter),
      completions: problems.map(({ finalAnswer }) => finalAnswer!),
      ...shown,
      systemPrompt
    })
  })
