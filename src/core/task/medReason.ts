import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type Demonstration, type FileError, type Source, Sources } from "../data/index.ts"
import { multipleChoice, ThinkAnswer } from "../text/index.ts"
import { answerTask, demonstrated, type ShownAs } from "./answerTask.ts"
import {
  type Corruptions,
  choiceProblem,
  corruptionColumns,
  corruptionsOf,
  countReasons,
  type LeftOut,
  labelled,
  unevenCorruptions
} from "./choiceProblem.ts"
import { type Amount, holdOut } from "./holdOut.ts"
import { matchOption } from "./matchOption.ts"
import * as SystemPrompts from "./SystemPrompt.ts"
import type { Task } from "./Task.ts"

/** Where MedReason lies and how it is shown: by default after `SystemPrompts.medical`. */
export interface MedReasonOptions extends ShownAs {
  /** The published file, or where its rows come from. */
  readonly source: string | Source
  /** Questions held out for the test; one file is published, without splits. Default 1000. */
  readonly test?: Amount
  /** Questions held out for validation. Default 500. */
  readonly validation?: Amount
  /** Chooses both. Default 0. */
  readonly seed?: number
  /** The question collections that are used. Default medqa and medmcqa, which have four options. */
  readonly collections?: ReadonlyArray<string>
}

/** The task, and the rows that are no part of it, by reason. */
export interface MedReason {
  readonly task: Task
  readonly leftOut: LeftOut
  /** Wrong versions of training demonstrations that the rows store; [] as published. */
  readonly corruptions: ReadonlyArray<Corruptions>
}

const Row = Schema.Struct({
  dataset_name: Schema.String,
  question: Schema.NonEmptyString,
  answer: Schema.String,
  reasoning: Schema.String,
  options: Schema.optionalKey(Schema.NullOr(Schema.String)),
  ...corruptionColumns
}).check(Schema.makeFilter(unevenCorruptions))
type Row = typeof Row.Type

/** Words that a trace may have: the prompt asks for fewer. */
const WORDS = 512

/** The texts under the letters A to D, each at a line start, in order; undefined when these are not the options. */
export const readOptions = (text: string): ReadonlyArray<string> | undefined => {
  const lines = [...text.matchAll(/^[ \t]*([A-Z])[.):][ \t]*(.*?)[ \t]*$/gm)]
  const letters = lines.map((m) => m[1]).join("")
  return letters === "ABCD" && lines.every((m) => m[2] !== "") ? lines.map((m) => m[2]!) : undefined
}

type Read =
  | { readonly demonstration: Demonstration; readonly corruptions: ReadonlyArray<Corruptions> }
  | { readonly reason: string }

const readRow = (row: Row, i: number): Read => {
  const options = readOptions(row.options ?? "")
  if (options === undefined) return { reason: "its options are not A to D" }
  const answer = row.answer.split(/\.?\s*Explanation:/)[0]!.trim()
  const match = matchOption(answer.replace(/^\(?[A-D][.):]\s+/, ""), options)
  if (match._tag === "None") return { reason: match.reason }
  const trace = row.reasoning.trim()
  if (trace === "") return { reason: "no reasoning" }
  if (trace.split(/\s+/).length >= WORDS) return { reason: `reasoning of ${WORDS} words or more` }
  const finalAnswer = labelled(options, match.index)
  const problem = choiceProblem(
    { id: `medreason-${i}`, finalAnswer, options, category: row.dataset_name },
    row.question
  )
  const completion = ThinkAnswer.render(trace, finalAnswer)
  return { demonstration: { problem, completion, finalAnswer }, corruptions: corruptionsOf(completion, row) }
}

/**
 * MedReason (Wu et al. 2025): medical exam questions with a language model's reasoning along knowledge-graph paths. The
 * answer is free text; the option that it names becomes the gold answer, as `LETTER. option text` (`matchOption`). One
 * file is published: test and validation are drawn from it by question, so that none is in two splits.
 *
 * @see specs/26-tasks.md
 */
export const medReason = (
  options: MedReasonOptions
): Effect.Effect<MedReason, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { test = 1000, validation = 500, seed = 0, collections = ["medqa", "medmcqa"], ...rest } = options
    const { source, systemPrompt = SystemPrompts.medical, ...shown } = rest
    const rows = yield* Sources.readAll(typeof source === "string" ? Sources.file(source) : source, Row)
    const read = rows.map(
      (row, i): Read =>
        collections.includes(row.dataset_name) ? readRow(row, i) : { reason: `of ${row.dataset_name}` }
    )
    const all = read.flatMap((r) => ("demonstration" in r ? [r] : []))
    type Item = (typeof all)[number]
    const key = ({ demonstration }: Item) => String(demonstration.problem.prompt)
    const split = (items: ReadonlyArray<Item>) => demonstrated(items.map((item) => item.demonstration))
    const [tested = [], held = [], train = []] = holdOut(all, [test, validation], { name: "medreason", seed, key })
    return {
      task: answerTask({
        name: "medreason",
        splits: { train: split(train), validation: split(held), test: split(tested) },
        check: (problem) => multipleChoice(problem.options),
        vocabSize: 4096,
        ...shown,
        systemPrompt
      }),
      leftOut: countReasons(read.flatMap((r) => ("reason" in r ? [r.reason] : []))),
      corruptions: train.flatMap((item) => item.corruptions)
    }
  })
