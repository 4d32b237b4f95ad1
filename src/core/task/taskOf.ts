import { Data, Effect, type FileSystem } from "effect"
import { datasetNames, datasetsWithoutTraces, testDatasets } from "../config/index.ts"
import {
  type BadRows,
  type Fetched,
  type FileError,
  fetchSplits,
  type Hub,
  type HubError,
  Problems,
  parseAddress
} from "../data/index.ts"
import { type AnswerCheck, ChatTemplates } from "../text/index.ts"
import type { ShownAs } from "./answerTask.ts"
import { type ArithmeticOptions, arithmetic } from "./arithmetic.ts"
import { gradedBy } from "./gradedBy.ts"
import { amountOf, holdOut } from "./holdOut.ts"
import { type PublishedTask, publishedTasks, type ReadTask } from "./publishedTasks.ts"
import type { Split, Task } from "./Task.ts"

/** Every task by the name that a configuration gives it (`dataset.name`), and those that are for testing alone. */
export const taskNames = [...datasetNames, ...testDatasets] as const
export type TaskName = (typeof taskNames)[number]

/** How much of a task is used, and how it is shown. */
export interface TaskChoice extends ShownAs {
  /** Share of the training problems that is used, after validation is held out. Default 1. */
  readonly trainShare?: number
  /** Share of the published training problems that is held out for validation. Default 0.1. */
  readonly validationShare?: number
  /** Chooses both, and generates `arithmetic`. Default 42. */
  readonly seed?: number
  /** Judges final answers in place of the task's own check, see `gradedBy`. */
  readonly grader?: AnswerCheck
  /** Numbers of generated problems; `arithmetic` alone has them, and no share of validation. */
  readonly size?: Pick<ArithmeticOptions, "train" | "unlabelled" | "validation" | "test">
}

/** A task by name, what its reader left out, and where its rows come from. */
export interface NamedTask extends ReadTask {
  /** The folder, or the hub's repository with the commit read; for the run's record. */
  readonly origin: string
}

/** A place that this task's rows cannot come from. */
export class BadPlace extends Data.TaggedError("BadPlace")<{
  readonly name: TaskName
  readonly place: string
  readonly reason: string
  readonly fix: string
}> {
  override get message(): string {
    return `${this.name} from ${this.place}: ${this.reason}. ${this.fix}.`
  }
}

const published = (name: Exclude<TaskName, "arithmetic">): PublishedTask => {
  const table: Readonly<Record<string, PublishedTask>> = publishedTasks
  return table[name] ?? table[name.replace(/_kd$/, "")]!
}

const locate = (
  name: TaskName,
  place: string | null,
  { repo, splits, within = [] }: PublishedTask
): Effect.Effect<Fetched, HubError | BadPlace, Hub> => {
  if (place !== null && !place.startsWith("hf:")) return Effect.succeed({ folder: place, origin: place })
  const asked = place === null ? ({ kind: "dataset", id: repo } as const) : parseAddress(place)
  return asked?.kind === "dataset"
    ? fetchSplits(asked, { splits, within })
    : new BadPlace({
        name,
        place: place ?? repo,
        reason: "this is no address of a data set",
        fix: "Write hf://datasets/ORGANISATION/NAME, with @REVISION if it is not main"
      })
}

const withoutTraces = (task: Task): Task => {
  const bareSplit = ({ problems }: Split): Split => ({ problems, demonstrations: [] })
  const { train, validation, test } = task.splits
  return {
    ...task,
    splits: { train: bareSplit(train), validation: bareSplit(validation), test: bareSplit(test) }
  }
}

const shareOfTrain = (task: Task, share: number, seed: number): Task => {
  const { problems, demonstrations } = task.splits.train
  const key = ({ prompt }: (typeof problems)[number]) => JSON.stringify(prompt)
  const [kept = []] = holdOut(problems, [amountOf({ share }, problems.length)], {
    name: `${task.name} train`,
    seed,
    key
  })
  const ids = new Set(kept.map((p) => p.id))
  const train = {
    problems: problems.filter((p) => ids.has(p.id)),
    demonstrations: demonstrations.filter((d) => ids.has(d.problem.id))
  }
  return { ...task, splits: { ...task.splits, train } }
}

/** Generated problems as a chat model reads them; `plain` adds nothing to what they say. */
const shownBy = (task: Task, { template = ChatTemplates.plain }: ShownAs): Task =>
  template.source === ChatTemplates.plain.source
    ? task
    : { ...task, renderPrompt: (problem) => template.render(Problems.messages(problem)) }

/**
 * The task of a configuration's name, its rows read from where it says: the one way from `dataset.*` to a Task.
 *
 *     taskOf(dataset.name, dataset.path, {
 *       trainShare: dataset.train_ratio, validationShare: dataset.val_ratio, noSystem: dataset.no_system, seed
 *     })
 *
 * With `_kd` a task brings expert traces; without it, prompts and gold answers alone (but `gsm8k` keeps the human
 * solutions that it is published with). Validation is held out of the training rows, never of the test rows.
 *
 * @param place a folder with the data set in a published form; `hf://datasets/ORGANISATION/NAME[@REVISION]`; or null
 *   for the repository that it is published in. `arithmetic` is generated, and has no place.
 * @see specs/26-tasks.md, specs/28-hub.md
 */
export const taskOf = (
  name: TaskName,
  place: string | null,
  choice: TaskChoice = {}
): Effect.Effect<NamedTask, FileError | BadRows | HubError | BadPlace, FileSystem.FileSystem | Hub> =>
  Effect.gen(function* () {
    const { trainShare = 1, validationShare = 0.1, seed = 42, size = {}, grader, ...shown } = choice
    if (name === "arithmetic") {
      if (place !== null)
        return yield* new BadPlace({ name, place, reason: "it is generated", fix: "Leave out dataset.path" })
      const task = shareOfTrain(shownBy(arithmetic({ seed, ...size }), shown), trainShare, seed)
      return { task, leftOut: {}, corruptions: [], origin: `arithmetic, seed ${seed}` }
    }
    const source = published(name)
    const { folder, origin } = yield* locate(name, place, source)
    const read = yield* source.read({ folder, validation: { share: validationShare }, seed, ...shown })
    const train = read.task.splits.train
    if (name.endsWith("_kd") && train.demonstrations.length === 0) {
      const [reason, fix] =
        train.problems.length === 0
          ? ["no problem is left to train on beside those held out", "Give more rows, or hold out fewer"]
          : [
              "no training row holds an expert's trace",
              `Give rows that do (column ${source.traces}), or choose ${name.replace(/_kd$/, "")}`
            ]
      return yield* new BadPlace({ name, place: origin, reason, fix })
    }
    const whole = datasetsWithoutTraces.includes(name)
      ? { ...read, task: withoutTraces(read.task), corruptions: [] }
      : read
    const task = shareOfTrain(whole.task, trainShare, seed)
    return { ...whole, task: grader === undefined ? task : gradedBy(task, grader), origin }
  })
