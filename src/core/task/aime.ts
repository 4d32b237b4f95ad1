import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type Demonstration, type FileError, type Problem, type Source, Sources } from "../data/index.ts"
import { AnswerChecks, ThinkAnswer } from "../text/index.ts"
import { answerTask, demonstrated, type ShownAs } from "./answerTask.ts"
import { aimeAnswer } from "./boxedAnswer.ts"
import { countReasons, type LeftOut } from "./choiceProblem.ts"
import { contaminated, type Decontamination, decontamination, withoutProblems } from "./decontaminate.ts"
import { type Amount, holdOut } from "./holdOut.ts"
import type { OverlapOptions } from "./overlap.ts"
import * as SystemPrompts from "./SystemPrompt.ts"
import type { Splits, Task } from "./Task.ts"

/** Where competition problems lie and how they are shown: by default after `SystemPrompts.math`. */
export interface AimeOptions extends ShownAs {
  /** NuminaMath-CoT, which holds `train` in a published form (`Sources.split`). Without it there is no training data. */
  readonly train?: string
  /** Files of test problems, e.g. AIME 2024 and both of 2025: rows {id, problem, answer}. */
  readonly test: ReadonlyArray<string | Source>
  /** Problems of `train` held out as test problems beside those. Default none. */
  readonly testFromTrain?: Amount
  /** Training problems held out for validation. Default 200. */
  readonly validation?: Amount
  /** Chooses them. Default 42. */
  readonly seed?: number
  /** What makes a training problem too like a test problem. Default: a shared run of 8 words. */
  readonly overlap?: OverlapOptions
}

/** The task, and what was left out of its training data. */
export interface Aime {
  readonly task: Task
  /** Training rows left out, by reason. */
  readonly leftOut: LeftOut
  /** What the training data shared with the test problems before those training problems were dropped. */
  readonly decontamination: Decontamination
}

const Solved = Schema.Struct({
  source: Schema.String,
  problem: Schema.NonEmptyString,
  solution: Schema.String
})

/** An integer from 0 to 999, as text or number. */
const Answer = Schema.Union([
  Schema.String.check(Schema.isPattern(/^\d{1,3}$/)),
  Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 999 }))
])
const Asked = Schema.Struct({
  id: Schema.Union([Schema.NonEmptyString, Schema.Int]),
  problem: Schema.NonEmptyString,
  answer: Answer
})

type Read = { readonly demonstration: Demonstration } | { readonly reason: string }

const readRow = ({ source, problem, solution }: typeof Solved.Type, i: number): Read => {
  if (source !== "amc_aime") return { reason: `of ${source}` }
  const answer = aimeAnswer(solution)
  if (answer._tag === "None") return { reason: answer.reason }
  const finalAnswer = answer.text
  const completion = ThinkAnswer.render(solution.trim(), finalAnswer)
  return {
    demonstration: { problem: { id: `aime-train-${i}`, prompt: problem, finalAnswer }, completion, finalAnswer }
  }
}

/** A file's name without folder and ending. */
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1).replace(/\..*$/, "")

/**
 * AIME: competition problems whose answers are integers from 0 to 999. Training data are the amc_aime rows of
 * NuminaMath-CoT, whose traces are worked solutions; problems too like a test problem are dropped from train and
 * validation, and the report says which. Answers are compared as numbers, so 042 is 42.
 *
 * @see specs/26-tasks.md
 */
export const aime = (options: AimeOptions): Effect.Effect<Aime, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { train: folder, testFromTrain = 0, validation = 200, seed = 42, overlap = { n: 8 }, ...rest } = options
    const { test: files, systemPrompt = SystemPrompts.math, ...shown } = rest
    const test = yield* Effect.forEach(files, (file) => {
      const source = typeof file === "string" ? Sources.file(file) : file
      return Effect.map(Sources.readAll(source, Asked), (rows) =>
        rows.map(({ id, problem, answer }): Problem => {
          return { id: `aime-${nameOf(source.name)}-${id}`, prompt: problem, finalAnswer: String(Number(answer)) }
        })
      )
    })
    const rows =
      folder === undefined
        ? []
        : yield* Effect.flatMap(Sources.split(folder, "train"), (s) => Sources.readAll(s, Solved))
    const read = rows.map(readRow)
    const solved = read.flatMap((r) => ("demonstration" in r ? [r.demonstration] : []))
    const key = ({ problem }: Demonstration) => String(problem.prompt)
    const [tested = [], others = []] = holdOut(solved, [testFromTrain], { name: "aime test", seed, key })
    const all: Splits = {
      train: demonstrated(others),
      validation: { problems: [], demonstrations: [] },
      test: { problems: [...test.flat(), ...tested.map((d) => d.problem)], demonstrations: tested }
    }
    const report = decontamination(all, "test", overlap)
    const clean = withoutProblems(all, contaminated(report))
    const [held = [], train = []] = holdOut(clean.train.demonstrations, [validation], { name: "aime", seed, key })
    return {
      task: answerTask({
        name: "aime",
        splits: { train: demonstrated(train), validation: demonstrated(held), test: all.test },
        check: () => AnswerChecks.number,
        ...shown,
        systemPrompt
      }),
      leftOut: countReasons(read.flatMap((r) => ("reason" in r ? [r.reason] : []))),
      decontamination: report
    }
  })
