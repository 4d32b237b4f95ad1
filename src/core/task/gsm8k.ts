import { Effect, type FileSystem, Schema } from "effect"
import {
  type BadRows,
  type Demonstration,
  type FileError,
  Jsonl,
  Messages,
  Outcomes,
  type Problem,
  Problems
} from "../data/index.ts"
import { Rng } from "../tensor/index.ts"
import {
  AnswerChecks,
  type ChatTemplate,
  ChatTemplates,
  StepRules,
  ThinkAnswer,
  type Tokenizer
} from "../text/index.ts"
import { corpusTokenizer } from "./corpusTokenizer.ts"
import type { Split, Task } from "./Task.ts"

/** Where GSM8K lies and how it is shown to a model. */
export interface Gsm8kOptions {
  /** Holds `train.jsonl` and `test.jsonl`, rows {question, answer}. */
  readonly folder: string
  /** Training problems held out for validation. Default 500. */
  readonly validation?: number
  /** Chooses them. Default 0. */
  readonly seed?: number
  /** Default: a vocabulary of 2048 entries trained on the training text. */
  readonly tokenizer?: Tokenizer
  /** Default: the bare question. */
  readonly template?: ChatTemplate
  /** Goes before the question as a system message. */
  readonly systemPrompt?: string
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
 */
export const gsm8k = (options: Gsm8kOptions): Effect.Effect<Task, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { folder, validation = 500, seed = 0, template = ChatTemplates.plain, systemPrompt } = options
    const load = (file: "train" | "test") =>
      Jsonl.readAll(`${folder}/${file}.jsonl`, Row).pipe(
        Effect.map((rows) =>
          rows.map(({ question, answer }, i): Demonstration => {
            const { trace, finalAnswer } = readSolution(answer)
            const problem = { id: `gsm8k-${file}-${i}`, prompt: question, finalAnswer }
            return { problem, completion: ThinkAnswer.render(trace, finalAnswer), finalAnswer, source: "human" }
          })
        )
      )
    const [all, test] = yield* Effect.all([load("train"), load("test")])
    const order = Rng.shuffle(Rng.make(seed, "gsm8k", "validation"), all)
    const train = order.slice(Math.min(validation, order.length))
    const renderPrompt = (problem: Problem): string => {
      const system = systemPrompt === undefined ? [] : [Messages.system(systemPrompt)]
      return template.render([...system, ...Problems.messages(problem)])
    }
    const split = (demonstrations: ReadonlyArray<Demonstration>): Split => ({
      problems: demonstrations.map((d) => d.problem),
      demonstrations
    })
    const texts = train.map((d) => renderPrompt(d.problem) + d.completion)
    const finalAnswer = (_: Problem, completion: string): string | undefined => {
      const block = ThinkAnswer.answer(completion)
      return block._tag === "Found" ? block.text : undefined
    }
    return {
      name: "gsm8k",
      splits: { train: split(train), validation: split(order.slice(0, validation)), test: split(test) },
      tokenizer: options.tokenizer ?? corpusTokenizer(texts),
      stepRule: StepRules.sentences,
      renderPrompt,
      finalAnswer,
      checkAnswer: (problem, completion) =>
        problem.finalAnswer === undefined
          ? Outcomes.skipped("no gold answer")
          : AnswerChecks.number.check(
              AnswerChecks.gold(problem.finalAnswer),
              AnswerChecks.prediction(finalAnswer(problem, completion))
            )
    }
  })
