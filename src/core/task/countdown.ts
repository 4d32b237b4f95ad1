import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type Demonstration, type FileError, Outcomes, type Problem, Sources } from "../data/index.ts"
import { AnswerChecks, countdown as check, ThinkAnswer } from "../text/index.ts"
import { answerTask, type ShownAs } from "./answerTask.ts"
import { countReasons, type LeftOut } from "./choiceProblem.ts"
import { type Amount, holdOut } from "./holdOut.ts"
import * as SystemPrompts from "./SystemPrompt.ts"
import type { Split, Task } from "./Task.ts"

/** Where Countdown lies and how it is shown: by default after `SystemPrompts.math`. */
export interface CountdownOptions extends ShownAs {
  /** Holds `train` and `test`, published as a saved data set (Arrow), or in another form (`Sources.split`). */
  readonly folder: string
  /** Training problems held out for validation. Default 100. The published `eval` split is not read. */
  readonly validation?: Amount
  /** Chooses them. Default 0. */
  readonly seed?: number
  /** Whether to keep only right demonstrations. That lets the check choose the demonstrations. Default false. */
  readonly correctOnly?: boolean
}

/** The task, and the training problems without a demonstration, by reason. */
export interface Countdown {
  readonly task: Task
  readonly leftOut: LeftOut
}

const Whole = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Row = Schema.Struct({
  question: Schema.NonEmptyString,
  target: Schema.String,
  answer: Schema.String,
  reward_model: Schema.Struct({ nums: Schema.NonEmptyArray(Whole), target: Schema.Int })
})
type Row = typeof Row.Type

const problemOf = ({ question, reward_model }: Row, id: string): Problem => ({
  id,
  prompt: question,
  finalAnswer: String(reward_model.target),
  numbers: reward_model.nums
})

type Read = { readonly demonstration: Demonstration } | { readonly reason: string }

const demonstrationOf = ({ target, answer }: Row, problem: Problem, correctOnly: boolean): Read => {
  const [trace, finalAnswer] = [target.trim(), answer.trim()]
  if (trace === "" || finalAnswer === "") return { reason: "no trace or no answer" }
  const outcome = check(problem.numbers ?? []).check(
    AnswerChecks.gold(problem.finalAnswer ?? ""),
    AnswerChecks.prediction(finalAnswer)
  )
  return correctOnly && Outcomes.isCorrect(outcome) !== true
    ? { reason: "wrong answer" }
    : { demonstration: { problem, completion: ThinkAnswer.render(trace, finalAnswer), finalAnswer } }
}

/**
 * Countdown: make an expression of given numbers that is worth a target. The traces are a language model's, the answer
 * an expression; any expression that uses each number once and reaches the target is right. The gold answer is the
 * target. Of several answer blocks the first counts. A published answer may be wrong or no expression at all.
 *
 * @see specs/26-tasks.md
 */
export const countdown = (
  options: CountdownOptions
): Effect.Effect<Countdown, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { folder, validation = 100, seed = 0, correctOnly = false, ...rest } = options
    const { systemPrompt = SystemPrompts.math, ...shown } = rest
    const load = (split: "train" | "test") =>
      Effect.map(
        Effect.flatMap(Sources.split(folder, split), (source) => Sources.readAll(source, Row)),
        (rows) => rows.map((row, i) => ({ row, problem: problemOf(row, `countdown-${split}-${i}`) }))
      )
    const [all, test] = yield* Effect.all([load("train"), load("test")])
    const [held = [], train = []] = holdOut(all, [validation], {
      name: "countdown",
      seed,
      key: ({ problem }) => `${problem.finalAnswer} of ${problem.numbers?.toSorted((a, b) => a - b)}`
    })
    type Items = ReadonlyArray<(typeof all)[number]>
    const read = (items: Items) => items.map(({ row, problem }) => demonstrationOf(row, problem, correctOnly))
    const split = (items: Items): Split => ({
      problems: items.map((item) => item.problem),
      demonstrations: read(items).flatMap((r) => ("demonstration" in r ? [r.demonstration] : []))
    })
    return {
      task: answerTask({
        name: "countdown",
        splits: { train: split(train), validation: split(held), test: split(test) },
        check: (problem) => check(problem.numbers ?? []),
        readAnswer: ThinkAnswer.firstAnswer,
        ...shown,
        systemPrompt
      }),
      leftOut: countReasons(read(train).flatMap((r) => ("reason" in r ? [r.reason] : [])))
    }
  })
