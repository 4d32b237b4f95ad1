import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type Demonstration, type FileError, type Problem, Sources } from "../data/index.ts"
import { multipleChoice, ThinkAnswer } from "../text/index.ts"
import { answerTask, type ShownAs } from "./answerTask.ts"
import {
  type Corruptions,
  choiceProblem,
  corruptionColumns,
  corruptionsOf,
  countReasons,
  type LeftOut,
  unevenCorruptions
} from "./choiceProblem.ts"
import { type Amount, holdOut } from "./holdOut.ts"
import * as SystemPrompts from "./SystemPrompt.ts"
import type { Split, Task } from "./Task.ts"

/** Where ScienceQA lies and how it is shown: by default after `SystemPrompts.optionText`. */
export interface ScienceQaOptions extends ShownAs {
  /** Holds `train` and `test` in a published form (`Sources.split`). */
  readonly folder: string
  /** Training questions held out for validation. Default 500. The published `validation` split is not read. */
  readonly validation?: Amount
  /** Chooses them. Default 0. */
  readonly seed?: number
}

/** The task, and the training rows that are no part of it or have no demonstration, by reason. */
export interface ScienceQa {
  readonly task: Task
  readonly leftOut: LeftOut
  /** Wrong versions of training demonstrations that the rows store; [] as published. */
  readonly corruptions: ReadonlyArray<Corruptions>
}

const Text = Schema.optionalKey(Schema.NullOr(Schema.String))
const Row = Schema.Struct({
  // Its bytes are not kept; whether there is an image is all that is asked.
  image: Schema.optionalKey(Schema.NullOr(Schema.Struct({ path: Text }))),
  question: Schema.NonEmptyString,
  choices: Schema.NonEmptyArray(Schema.NonEmptyString),
  answer: Schema.Int,
  hint: Text,
  subject: Text,
  solution: Text,
  ...corruptionColumns
}).check(
  Schema.makeFilter(unevenCorruptions),
  Schema.makeFilter(({ answer, choices }) =>
    answer >= 0 && answer < choices.length
      ? undefined
      : { path: ["answer"], issue: `is none of the ${choices.length} choices, which count from 0` }
  )
)
type Row = typeof Row.Type

const problemOf = (row: Row, id: string): Problem =>
  choiceProblem(
    {
      id,
      finalAnswer: row.choices[row.answer]!,
      options: row.choices,
      ...(typeof row.subject === "string" && row.subject !== "" ? { category: row.subject } : {})
    },
    row.hint ?? "",
    row.question
  )

/**
 * ScienceQA (Lu et al. 2022): school science questions with human explanations, those without an image. The answer is
 * the option's text, without its letter, in prompt and demonstration alike. A question without an explanation is a
 * problem without a demonstration. Validation is drawn from the training split.
 *
 * @see specs/26-tasks.md
 */
export const scienceQa = (
  options: ScienceQaOptions
): Effect.Effect<ScienceQa, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { folder, validation = 500, seed = 0, systemPrompt = SystemPrompts.optionText, ...shown } = options
    const load = (split: "train" | "test") =>
      Effect.map(
        Effect.flatMap(Sources.split(folder, split), (source) => Sources.readAll(source, Row)),
        (rows) => rows.map((row, i) => ({ row, problem: problemOf(row, `scienceqa-${split}-${i}`) }))
      )
    const [all, test] = yield* Effect.all([load("train"), load("test")])
    type Item = (typeof all)[number]
    const seen = ({ row }: Item) => row.image !== undefined && row.image !== null
    const [held = [], train = []] = holdOut(
      all.filter((item) => !seen(item)),
      [validation],
      { name: "scienceqa", seed, key: ({ problem }) => String(problem.prompt) }
    )
    const demonstrationOf = ({ row, problem }: Item): ReadonlyArray<Demonstration> => {
      const [trace, finalAnswer] = [(row.solution ?? "").trim(), row.choices[row.answer]!]
      return trace === ""
        ? []
        : [{ problem, completion: ThinkAnswer.render(trace, finalAnswer), finalAnswer, source: "human" }]
    }
    const split = (items: ReadonlyArray<Item>): Split => ({
      problems: items.map((item) => item.problem),
      demonstrations: items.flatMap(demonstrationOf)
    })
    return {
      task: answerTask({
        name: "scienceqa",
        splits: { train: split(train), validation: split(held), test: split(test.filter((item) => !seen(item))) },
        check: (problem) => multipleChoice(problem.options),
        ...shown,
        systemPrompt
      }),
      leftOut: countReasons([
        ...all.filter(seen).map(() => "has an image"),
        ...train.filter((item) => demonstrationOf(item).length === 0).map(() => "no explanation")
      ]),
      corruptions: train.flatMap((item) => demonstrationOf(item).flatMap((d) => corruptionsOf(d.completion, item.row)))
    }
  })
