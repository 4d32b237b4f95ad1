import { Data, Effect, Result } from "effect"
import { injectErrors } from "../../core/reward/index.ts"
import { table } from "../../core/run/index.ts"
import {
  type Fitted,
  type NamedTask,
  printTaskReport,
  type SplitName,
  type Task,
  type TaskReport,
  taskOf,
  taskReport,
  withinLimits
} from "../../core/task/index.ts"
import { BadTemplate, type ChatRejected, UnknownText } from "../../core/text/index.ts"
import { graderOf } from "../answers/index.ts"
import { type EncodedTask, encodeTask, spells } from "../run/index.ts"
import type { Recipe } from "./Recipe.ts"
import type { Found } from "./start.ts"
import { printTemplateFit, type TemplateFit, templateFit, UnfitTemplate, unteachable } from "./templateFit.ts"

/** What became of the data on their way into the run: kept as `data.json`. */
export interface DataReport {
  /** The data as they were read, before anything was left out for its length. */
  readonly read: TaskReport
  readonly problems: Readonly<Record<SplitName, number>>
  readonly demonstrations: Readonly<Record<SplitName, number>>
  /** What was left out for its length; nothing is cut. */
  readonly tooLong: Fitted["tooLong"]
  /** Demonstrations that were made wrong on purpose, and those that were to be and could not. */
  readonly errors: { readonly made: number; readonly without: number }
  /** What the chat template makes of conversations. */
  readonly template: TemplateFit
}

/** The data of a run, made ready for token models. */
export interface PreparedData extends EncodedTask {
  readonly task: Task
  readonly corruptions: NamedTask["corruptions"]
  readonly report: DataReport
}

/** Data that leave nothing to do for the algorithm. */
export class NothingToLearnFrom extends Data.TaggedError("NothingToLearnFrom")<{
  readonly reason: string
  readonly fix: string
}> {
  override get message(): string {
    return `${this.reason}. ${this.fix}.`
  }
}

const counts = ({ splits }: Task, of: "problems" | "demonstrations"): Readonly<Record<SplitName, number>> => ({
  train: splits.train[of].length,
  validation: splits.validation[of].length,
  test: splits.test[of].length
})

/** Puts the errors of an expert who errs into the training demonstrations. */
const erring = (task: Task, { data, seed }: Recipe): { readonly task: Task; readonly errors: DataReport["errors"] } => {
  if (data.errors === undefined) return { task, errors: { made: 0, without: 0 } }
  const { train } = task.splits
  const { demonstrations, errors, without } = injectErrors(train.demonstrations, {
    ...data.errors,
    seed,
    accept: spells(task.tokenizer)
  })
  return {
    task: { ...task, splits: { ...task.splits, train: { ...train, demonstrations } } },
    errors: { made: errors.length, without: without.length }
  }
}

const fitForLearning = ({ learning, limits }: Recipe, { splits }: Task): NothingToLearnFrom | undefined => {
  const imitates = learning._tag !== "Grpo" || learning.sft !== undefined
  const { train, validation } = splits
  if ((imitates ? train.demonstrations : train.problems).length === 0)
    return new NothingToLearnFrom({
      reason: `No ${imitates ? "demonstration" : "problem"} is left to train on within ${limits.prompt} tokens of prompt and ${limits.completion} of completion`,
      fix: "Raise model.max_prompt_length, model.max_completion_length or dataset.train_ratio"
    })
  if ((imitates ? validation.demonstrations : validation.problems).length === 0)
    return new NothingToLearnFrom({
      reason: "Nothing is held out to choose checkpoints by",
      fix: "Raise dataset.val_ratio, or dataset.size.validation"
    })
  return undefined
}

/** The same function, which remembers what it was asked. */
const remembering = <A>(of: (text: string) => A): ((text: string) => A) => {
  const known = new Map<string, A>()
  return (text) => {
    const found = known.get(text) ?? of(text)
    known.set(text, found)
    return found
  }
}

/** The task with a tokenizer that encodes each text once: the census, the limits and the run all ask for its ids. */
const encodingOnce = (task: Task): Task => ({
  ...task,
  tokenizer: { ...task.tokenizer, encode: remembering(task.tokenizer.encode) }
})

/** Reads the task of a recipe and makes it ready: what is left out is counted, and nothing is cut. */
export const prepareData = Effect.fnUntraced(function* (recipe: Recipe, { model, template }: Found) {
  const { data, seed, limits } = recipe
  const grader = yield* graderOf(data.grader)
  const loaded = yield* taskOf(data.name, data.place, {
    trainShare: data.trainShare,
    validationShare: data.validationShare,
    noSystem: data.noSystem,
    seed,
    template,
    ...(grader === undefined ? {} : { grader }),
    ...(data.size === null ? {} : { size: data.size }),
    ...(model === undefined ? {} : { tokenizer: model.tokenizer })
  })
  // A generated task brings its own tokenizer.
  const told = model === undefined ? loaded.task : { ...loaded.task, tokenizer: model.tokenizer }
  const { task: whole, errors } = erring(told, recipe)
  return yield* Effect.try({
    try: (): Result.Result<PreparedData, NothingToLearnFrom | UnfitTemplate | ChatRejected> => {
      const fit = templateFit(template, { system: data.name !== "arithmetic" && !data.noSystem })
      if (fit instanceof UnfitTemplate) return Result.fail(fit)
      const once = encodingOnce(whole)
      const { task: fitted, tooLong } = withinLimits(once, limits)
      const task = { ...fitted, tokenizer: whole.tokenizer }
      const unfit = fitForLearning(recipe, task)
      if (unfit !== undefined) return Result.fail(unfit)
      const report: DataReport = {
        read: taskReport({ ...loaded, task: once }, { limits }),
        problems: counts(task, "problems"),
        demonstrations: counts(task, "demonstrations"),
        tooLong,
        errors,
        template: fit
      }
      const encoded = encodeTask(fitted)
      const refused = unteachable(template, encoded.train)
      if (refused !== undefined) return Result.fail(refused)
      return Result.succeed({ ...encoded, task, corruptions: loaded.corruptions, report })
    },
    catch: (error) => {
      if (error instanceof UnknownText || error instanceof BadTemplate) return error
      throw error
    }
  }).pipe(Effect.flatMap(Effect.fromResult))
})

/** The report as text. */
export const printDataReport = ({ read, problems, demonstrations, tooLong, errors, template }: DataReport): string =>
  [
    printTaskReport(read),
    table(
      ["used", "problems", "demonstrations", "prompts too long", "completions too long"],
      (["train", "validation", "test"] as const).map((split) => [
        split,
        problems[split],
        demonstrations[split],
        tooLong[split].prompts,
        tooLong[split].completions
      ])
    ),
    ...(errors.made + errors.without === 0
      ? []
      : [`${errors.made} demonstrations were made wrong; ${errors.without} were to be, and could not.`]),
    ...printTemplateFit(template)
  ].join("\n\n")
