import { Effect, type FileSystem, Schema } from "effect"
import { type BadRows, type FileError, type Outcome, Outcomes, type Problem, Sources } from "../data/index.ts"
import { Rng } from "../tensor/index.ts"
import { AnswerChecks, labelsOf, multipleChoice, ThinkAnswer } from "../text/index.ts"
import { answerTask, type ShownAs, taggedAnswer } from "./answerTask.ts"
import { type ChoiceTrace, choiceTrace } from "./choiceTrace.ts"
import { type Amount, amountOf, holdOut } from "./holdOut.ts"
import { type ExpertChoice, isUsable, type ModelReport, modelReports, strongest } from "./modelReport.ts"
import type { Split, Task } from "./Task.ts"

/**
 * Where MMLU-Pro with its models' completions lies, how it is shown, and who is the expert. Demonstrations answer by
 * letter, as `SystemPrompts.letter` asks; the default is the bare question.
 */
export interface MmluProOptions extends ShownAs {
  /** Holds `train` and `test` in a published form (`Sources.split`). Published is `test` alone, without completions. */
  readonly folder: string
  /** Questions held out for the test where all are in one split. Default: none, `train` and `test` are apart. */
  readonly test?: Amount
  /** Training questions held out for validation. Default 200. */
  readonly validation?: Amount
  readonly seed?: number
  readonly expert?: ExpertChoice
}

const Row = Schema.Struct({
  question_id: Schema.Int,
  category: Schema.String,
  question: Schema.NonEmptyString,
  options: Schema.NonEmptyArray(Schema.String),
  answer: Schema.String.check(Schema.isPattern(/^[A-J]$/)),
  completions: Schema.optionalKey(Schema.Array(Schema.Struct({ model: Schema.NonEmptyString, text: Schema.String })))
})
type Row = typeof Row.Type

/** One model's completion of a question, as read: a candidate to rerank. */
export interface Candidate {
  readonly problemId: string
  readonly model: string
  /** In the think/answer format; without an answer block where no answer could be read. */
  readonly completion: string
  readonly outcome: Outcome
  readonly read: ChoiceTrace
}

/** The task, all candidates by split, and how each model fares on the training questions. */
export interface MmluPro {
  readonly task: Task
  readonly candidates: {
    readonly train: ReadonlyArray<Candidate>
    readonly validation: ReadonlyArray<Candidate>
    readonly test: ReadonlyArray<Candidate>
  }
  /** Strongest first, by accuracy on the training questions without validation. */
  readonly models: ReadonlyArray<ModelReport>
  /** Whose traces are the demonstrations. */
  readonly expert: string
  /** Training questions without a demonstration, by reason. */
  readonly withoutDemonstration: Readonly<Record<string, number>>
}

const problemOf = (row: Row): Problem => ({
  id: `mmlu-pro-${row.question_id}`,
  prompt: `${row.question}\n${row.options.map((o, i) => `${labelsOf(10)[i] ?? "?"}. ${o}`).join("\n")}`,
  finalAnswer: row.answer,
  options: row.options,
  category: row.category
})

const judge = (row: Row, completion: string): Outcome =>
  multipleChoice(row.options).check(AnswerChecks.gold(row.answer), AnswerChecks.prediction(taggedAnswer(completion)))

const candidatesOf = (row: Row): ReadonlyArray<Candidate> => {
  const problem = problemOf(row)
  return (row.completions ?? []).map(({ model, text }): Candidate => {
    const read = choiceTrace(text, row.options.length)
    const completion =
      read.answer === undefined
        ? `${ThinkAnswer.tags.openThink}\n${read.trace}`
        : ThinkAnswer.render(read.trace, read.answer)
    return { problemId: problem.id, model, completion, outcome: judge(row, completion), read }
  })
}

/** Why a candidate cannot be a demonstration, undefined when it can. */
const unfit = (candidate: Candidate | undefined, choice: ExpertChoice): string | undefined => {
  if (candidate === undefined) return "the expert has no completion"
  if (candidate.read.answer === undefined) return candidate.read.cutOff ? "cut off" : "no answer could be read"
  if (!isUsable(candidate.read, choice)) return "no reasoning"
  return choice.correctOnly === true && Outcomes.isCorrect(candidate.outcome) !== true ? "wrong answer" : undefined
}

/** Questions to train on and to test on, where one split holds both. */
const parted = (
  rows: ReadonlyArray<Row>,
  test: Amount,
  seed: number
): readonly [ReadonlyArray<Row>, ReadonlyArray<Row>] => {
  const [tested = [], rest = []] = holdOut(rows, [test], { name: "mmlu-pro test", seed, key: (row) => row.question })
  return [rest, tested]
}

/**
 * MMLU-Pro (Wang et al. 2024) with chain-of-thought completions of eight language models. The expert is the strongest
 * of those that show their reasoning; everyone's completions of a question are candidates to rerank, and their
 * correctness is known. The answer is derived from each text (the stored `pred` was filled at random where none was
 * parsed). Validation is held out of the training questions.
 *
 * @see specs/16-real-traces.md
 */
export const mmluPro = (options: MmluProOptions): Effect.Effect<MmluPro, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { folder, test: tested, validation = 200, seed = 0, expert: choice = {}, ...shown } = options
    const load = (split: string) =>
      Effect.flatMap(Sources.split(folder, split), (source) => Sources.readAll(source, Row))
    const [all, test] =
      tested === undefined
        ? yield* Effect.all([load("train"), load("test")])
        : parted(yield* load("test"), tested, seed)
    const order = Rng.shuffle(Rng.make(seed, "mmlu-pro", "validation"), all)
    const held = amountOf(validation, order.length)
    const rows = { train: order.slice(held), validation: order.slice(0, held), test }
    const candidates = {
      train: rows.train.flatMap(candidatesOf),
      validation: rows.validation.flatMap(candidatesOf),
      test: rows.test.flatMap(candidatesOf)
    }
    const models = modelReports(candidates.train, choice)
    const expert = choice.model ?? strongest(models) ?? "none"
    const without: Record<string, number> = {}
    const split = (name: keyof typeof rows): Split => {
      const mine = new Map(candidates[name].filter((c) => c.model === expert).map((c) => [c.problemId, c]))
      const problems = rows[name].map(problemOf)
      return {
        problems,
        demonstrations: problems.flatMap((problem) => {
          const candidate = mine.get(problem.id)
          const reason = unfit(candidate, choice)
          if (reason !== undefined && name === "train") without[reason] = (without[reason] ?? 0) + 1
          return candidate === undefined || reason !== undefined
            ? []
            : [{ problem, completion: candidate.completion, finalAnswer: candidate.read.answer!, source: expert }]
        })
      }
    }
    const splits = { train: split("train"), validation: split("validation"), test: split("test") }
    return {
      task: answerTask({
        name: "mmlu-pro",
        splits,
        check: (problem) => multipleChoice(problem.options),
        vocabSize: 4096,
        completions: candidates.train.map((c) => c.completion),
        ...shown
      }),
      candidates,
      models,
      expert,
      withoutDemonstration: without
    }
  })
