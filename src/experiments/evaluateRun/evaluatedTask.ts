import { Effect } from "effect"
import type { RunConfig } from "../../core/config/index.ts"
import { Outcomes, type Problem, Problems, type ResultRow } from "../../core/data/index.ts"
import { type KeyedRow, normalisedQuestion, question } from "../../core/result/index.ts"
import { mathRewards } from "../../core/reward/index.ts"
import { SystemPrompts, type Task, taskOf } from "../../core/task/index.ts"
import { AnswerChecks, formatAdjustedChoice, formatAdjustedNumber, numberIn } from "../../core/text/index.ts"
import { graderOf } from "../answers/index.ts"
import type { FolderModel } from "../models/index.ts"

const SYSTEM_PROMPTS = ["", SystemPrompts.math, SystemPrompts.letter, SystemPrompts.optionText, SystemPrompts.medical]

/** A row's prompt, by which others can render what was shown: the conversation with its system prompt, or the text too. */
const shownPrompt = (
  { renderPrompt }: Task,
  { render }: FolderModel["template"],
  problem: Problem
): Pick<ResultRow, "prompt" | "rendered_prompt"> => {
  const text = renderPrompt(problem)
  const all = SYSTEM_PROMPTS.flatMap((systemPrompt) =>
    [false, true].map((noSystem) => SystemPrompts.conversation(problem, { systemPrompt, noSystem }))
  )
  const prompt = all.find((messages) => render(messages) === text)
  return prompt === undefined ? { prompt: Problems.messages(problem), rendered_prompt: text } : { prompt }
}

/** The problems of an evaluation, as the model that reads them writes them. */
export interface EvaluatedTask {
  readonly task: Task
  readonly problems: ReadonlyArray<Problem>
  /** Problems left out for the length of their prompts. */
  readonly tooLong: number
  readonly prompt: (problem: Problem) => ReadonlyArray<number>
  /** The same for a row. */
  readonly shown: (problem: Problem) => Pick<ResultRow, "prompt" | "rendered_prompt">
  /** The problem that a row belongs to, by its name or its question; undefined where it is of another data set. */
  readonly problemOf: (row: KeyedRow) => Problem | undefined
}

const remembering = <K, V>(of: (key: K) => V): ((key: K) => V) => {
  const known = new Map<K, V>()
  return (key) => {
    const found = known.get(key) ?? of(key)
    known.set(key, found)
    return found
  }
}

const questionOf = (problem: Problem): string =>
  normalisedQuestion(Problems.messages(problem).findLast(({ role }) => role === "user")?.content ?? "")

/** The problems that a configuration names, with the tokenizer and the template of a model. */
export const evaluatedTask = Effect.fnUntraced(function* (
  { dataset, model, seed, eval: own }: RunConfig,
  { tokenizer, template }: Pick<FolderModel, "tokenizer" | "template">
) {
  const grader = yield* graderOf(dataset.grader)
  const loaded = yield* taskOf(dataset.name, dataset.path, {
    validationShare: dataset.val_ratio,
    noSystem: dataset.no_system,
    seed,
    template,
    tokenizer,
    ...(grader === undefined ? {} : { grader }),
    ...(dataset.size === null ? {} : { size: dataset.size })
  })
  const task = { ...loaded.task, tokenizer }
  const prompt = remembering((problem: Problem) => tokenizer.encode(task.renderPrompt(problem)))
  const all = task.splits[dataset.split].problems
  const fitting = all.filter((problem) => prompt(problem).length <= model.max_prompt_length)
  const problems = fitting.slice(0, own.max_problems ?? undefined)
  const known = remembering(questionOf)
  const byId = new Map(problems.map((problem) => [problem.id, problem]))
  const byQuestion = new Map(problems.map((problem) => [known(problem), problem]))
  return {
    task,
    problems,
    tooLong: all.length - fitting.length,
    prompt,
    shown: remembering((problem: Problem) => shownPrompt(task, template, problem)),
    problemOf: (row) => {
      const asked = question(row)
      const named = byId.get(row.prompt_id)
      // Names may be used again by another data set, or another seed of this one. A system prompt may stand before.
      return named !== undefined && (asked === "" || asked.endsWith(known(named))) ? named : byQuestion.get(asked)
    }
  } satisfies EvaluatedTask
})

/** The lenient verdict and the marks for format that the problem's data set has, by column. */
export const judgedColumns = (problem: Problem, content: string): Partial<ResultRow> => {
  const { finalAnswer, options, numbers } = problem
  if (finalAnswer === undefined || numbers !== undefined) return {}
  const gold = AnswerChecks.gold(finalAnswer)
  const marks = options === undefined ? mathRewards.filter(({ name }) => name !== "correctness_reward_func") : []
  const lenient = options === undefined ? formatAdjustedNumber : formatAdjustedChoice(options)
  // Published tables compare numbers or options: of a formula they say nothing.
  const compares = options !== undefined || numberIn(finalAnswer)._tag === "One"
  return {
    format_adjusted_correct: compares ? lenient(finalAnswer, content) : null,
    ...Object.fromEntries(
      marks.flatMap(({ name, judge }) => {
        const outcome = judge(content, gold)
        return outcome._tag === "Scored" ? [[name, outcome.value]] : []
      })
    )
  }
}

/** A row as one of this data set: by the name of its problem, its gold answer beside what it answered. */
export const rowOf = (task: Task, problem: Problem, row: KeyedRow): KeyedRow => {
  const { content } = row.generation
  return {
    ...row,
    prompt_id: problem.id,
    gold_answer: problem.finalAnswer ?? null,
    extracted_answer: task.finalAnswer(problem, content) ?? null,
    ...(row.correctness_outcome === undefined
      ? { correctness_outcome: Outcomes.describe(task.checkAnswer(problem, content)) }
      : {}),
    ...judgedColumns(problem, content)
  }
}
