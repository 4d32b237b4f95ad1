import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type Demonstration, type FileError, Sources } from "../data/index.ts"
import { AnswerChecks, ThinkAnswer } from "../text/index.ts"
import { answerTask, demonstrated, type ShownAs } from "./answerTask.ts"
import { type Amount, holdOut } from "./holdOut.ts"
import type { Task } from "./Task.ts"

/** Where GSM8K lies and how it is shown to a model: by default as the bare question. */
export interface Gsm8kOptions extends ShownAs {
  /** Holds `train` and `test` in a published form (`Sources.split`), rows {question, answer}. */
  readonly folder: string
  /** Training problems held out for validation. Default 500. */
  readonly validation?: Amount
  /** Chooses them. Default 0. */
  readonly seed?: number
}

const Row = Schema.Struct({
  question: Schema.NonEmptyString,
  answer: Schema.String.check(
    Schema.makeFilter((a) => (/####\s*\S/.test(a) ? undefined : 'holds no final answer after "####"'))
  )
})

/** The trace without its calculator annotations `<<48/2=24>>`, and the final answer after `####`. */
export const readSolution = (answer: string): { readonly trace: string; readonly finalAnswer: string } => {
  const mark = answer.lastIndexOf("####")
  const trace = (mark < 0 ? answer : answer.slice(0, mark)).replace(/<<[^<>]*>>/g, "").trim()
  return { trace, finalAnswer: mark < 0 ? "" : answer.slice(mark + 4).trim() }
}

/**
 * GSM8K (Cobbe et al. 2021): school word problems with human solutions, rendered in the think/answer format. Answers are
 * compared as numbers. Validation is drawn from the training file.
 *
 * @see specs/16-real-traces.md
 */
export const gsm8k = (options: Gsm8kOptions): Effect.Effect<Task, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { folder, validation = 500, seed = 0, ...shown } = options
    const load = (split: "train" | "test") =>
      Effect.map(
        Effect.flatMap(Sources.split(folder, split, ["main"]), (source) => Sources.readAll(source, Row)),
        (rows) =>
          rows.map(({ question, answer }, i): Demonstration => {
            const { trace, finalAnswer } = readSolution(answer)
            const problem = { id: `gsm8k-${split}-${i}`, prompt: question, finalAnswer }
            return { problem, completion: ThinkAnswer.render(trace, finalAnswer), finalAnswer, source: "human" }
          })
      )
    const [all, test] = yield* Effect.all([load("train"), load("test")])
    const [held = [], train = []] = holdOut(all, [validation], {
      name: "gsm8k",
      seed,
      key: ({ problem }) => String(problem.prompt)
    })
    return answerTask({
      name: "gsm8k",
      splits: { train: demonstrated(train), validation: demonstrated(held), test: demonstrated(test) },
      check: () => AnswerChecks.number,
      ...shown
    })
  })
