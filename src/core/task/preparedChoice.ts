import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type Demonstration, type FileError, Outcomes, type Problem, Sources } from "../data/index.ts"
import { AnswerChecks, labelsOf, multipleChoice, ThinkAnswer } from "../text/index.ts"
import { answerTask, type ShownAs } from "./answerTask.ts"
import {
  type Corruptions,
  corruptionColumns,
  corruptionsOf,
  countReasons,
  type LeftOut,
  unevenCorruptions
} from "./choiceProblem.ts"
import { type Amount, holdOut } from "./holdOut.ts"
import type { Split, Task } from "./Task.ts"

/** Multiple choice with an external model's traces, prepared for learning: rows {question, reasoning, answer}. */
export interface PreparedChoiceOptions extends ShownAs {
  /** Of the task, and of its problems' ids. */
  readonly name: string
  /** Holds `train` and `test` in a published form (`Sources.split`). */
  readonly folder: string
  /** An answer in the form that the system prompt asks for, from the options and the index of one. */
  readonly form: (options: ReadonlyArray<string>, index: number) => string
  readonly validation: Amount
  readonly seed: number
}

/** The task, the rows that are no part of it, and the wrong versions of training demonstrations that rows store. */
export interface PreparedChoice {
  readonly task: Task
  readonly leftOut: LeftOut
  readonly corruptions: ReadonlyArray<Corruptions>
}

/** The columns of such rows; options stand under their letters at the end of the question. */
const Row = Schema.Struct({
  question: Schema.NonEmptyString,
  reasoning: Schema.String,
  answer: Schema.NonEmptyString,
  ...corruptionColumns
}).check(Schema.makeFilter(unevenCorruptions))
type Row = typeof Row.Type

/** The texts under the letters A, B, ... at the end of a question, a line each; undefined where there are not two. */
export const listedOptions = (question: string): ReadonlyArray<string> | undefined => {
  const lines = question.trimEnd().split("\n")
  const start = lines.findLastIndex((line) => /^\s*A[.):]/.test(line))
  const read = lines.slice(Math.max(start, 0)).map((line) => /^\s*([A-Z])[.):]\s*(\S.*?)\s*$/.exec(line))
  const labels = labelsOf(read.length)
  return read.length >= 2 && read.every((match, i) => match?.[1] === labels[i])
    ? read.map((match) => match![2]!)
    : undefined
}

/** The option that an answer gives, by letter or text; undefined where it gives none, or two read alike. */
const indexOf = (options: ReadonlyArray<string>, answer: string): number | undefined => {
  const check = multipleChoice(options)
  const labels = labelsOf(options.length)
  const found = options.flatMap((option, i) => {
    const outcome = check.check(AnswerChecks.gold(`${labels[i]}. ${option}`), AnswerChecks.prediction(answer))
    return Outcomes.isCorrect(outcome) === true ? [i] : []
  })
  return found.length === 1 ? found[0] : undefined
}

interface Item {
  readonly problem: Problem
  readonly demonstration: Demonstration
  readonly corruptions: ReadonlyArray<Corruptions>
}
type Read = Item | { readonly reason: string }

const readRow = (row: Row, id: string, form: PreparedChoiceOptions["form"]): Read => {
  const options = listedOptions(row.question)
  if (options === undefined) return { reason: "its options cannot be read" }
  const index = indexOf(options, row.answer)
  if (index === undefined) return { reason: "the answer is none of the options" }
  const trace = row.reasoning.trim()
  if (trace === "") return { reason: "no reasoning" }
  const finalAnswer = form(options, index)
  const problem = { id, prompt: row.question.trim(), finalAnswer, options }
  const completion = ThinkAnswer.render(trace, finalAnswer)
  const formed = (answer: string) => {
    const wrong = indexOf(options, answer)
    return wrong === undefined ? answer : form(options, wrong)
  }
  const corruptions = corruptionsOf(completion, row).map((c) => ({ ...c, answers: c.answers.map(formed) }))
  return { problem, demonstration: { problem, completion, finalAnswer }, corruptions }
}

/**
 * Multiple-choice questions with traces, as prepared for the reference system: of MMLU-Pro and ScienceQA no traces of
 * language models are published. Answers are put into the form that the system prompt asks for. Validation is drawn from
 * the training split.
 *
 * @see specs/26-tasks.md
 */
export const preparedChoice = (
  options: PreparedChoiceOptions
): Effect.Effect<PreparedChoice, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { name, folder, form, validation, seed, ...shown } = options
    const load = (split: "train" | "test") =>
      Effect.map(
        Effect.flatMap(Sources.split(folder, split), (source) => Sources.readAll(source, Row)),
        (rows) => rows.map((row, i) => readRow(row, `${name}-${split}-${i}`, form))
      )
    const [all, test] = yield* Effect.all([load("train"), load("test")])
    const good = (read: ReadonlyArray<Read>): ReadonlyArray<Item> => read.flatMap((r) => ("problem" in r ? [r] : []))
    const [held = [], train = []] = holdOut(good(all), [validation], {
      name,
      seed,
      key: (r) => String(r.problem.prompt)
    })
    const split = (items: ReadonlyArray<Item>): Split => ({
      problems: items.map((item) => item.problem),
      demonstrations: items.map((item) => item.demonstration)
    })
    return {
      task: answerTask({
        name,
        splits: { train: split(train), validation: split(held), test: split(good(test)) },
        check: (problem) => multipleChoice(problem.options),
        vocabSize: 4096,
        ...shown
      }),
      leftOut: countReasons([...all, ...test].flatMap((r) => ("reason" in r ? [r.reason] : []))),
      corruptions: train.flatMap((item) => item.corruptions)
    }
  })
