import { Effect } from "effect"
import { type Measurement, passAtK, Resamplings } from "../../core/evaluation/index.ts"
import type { Params } from "../../core/learner/index.ts"
import { keyed, PromptPools } from "../../core/result/index.ts"
import { type Json, type Metrics, RunDirectory, summaryTable } from "../../core/run/index.ts"
import type { RunOptions, TrainJob } from "../commands/index.ts"
import { storedRows } from "../evaluate/index.ts"
import { configuration, lastMetrics, type Session, Sessions, stepRows, writeFigures } from "../run/index.ts"
import { Descriptions, describedBy, findReward, type RewardDescription, SavedRewards } from "../savedReward/index.ts"
import { answer } from "./answer.ts"
import { digestOfStart, digestOfTask } from "./digest.ts"
import { figuresOf } from "./figuresOf.ts"
import { fineTuned, learn, planOf, practiceOf, writeInputs } from "./learn.ts"
import { prepareData, printDataReport } from "./prepareData.ts"
import { recipeOf } from "./recipeOf.ts"
import { withServer } from "./serverSampler.ts"
import { findStart, startOf } from "./start.ts"
import type { Work } from "./Work.ts"

/** What a run came to: `summary.json`. */
export interface TrainSummary {
  /** What tells the run from the others of its sweep; empty where there is one. */
  readonly name: string
  readonly seed: number
  readonly algorithm: string
  readonly task: string
  /** Right answers to test problems before and after the policy practised; absent where none were asked. */
  readonly passAt1: { readonly before?: Measurement; readonly after?: Measurement }
  /** The last value of every metric, by stage. */
  readonly metrics: Readonly<Record<string, Metrics>>
  readonly model: string
}

/** Test problems answered once each, kept in the run. */
const tested = Effect.fnUntraced(function* (work: Work, session: Session, name: string, params: Params) {
  const { recipe, data } = work
  const problems = data.task.splits.test.problems.slice(0, recipe.looks.testProblems)
  if (problems.length === 0) return undefined
  const rows = yield* storedRows(
    session.directory,
    `eval/${name}.jsonl`,
    Effect.andThen(
      session.note(`  answering ${problems.length} test problems: ${name}`),
      answer(work, problems, params)
    )
  )
  const verdicts = PromptPools.ofRows(rows.map(keyed)).map(({ correct }) => correct)
  return passAtK(verdicts, 1, Resamplings.standard)
})

/** Says where this run reads the reward that it starts from in another way than it was saved with. */
const tellDepartures = Effect.fnUntraced(function* (
  { recipe: { learning } }: Work,
  session: Session,
  reading: RewardDescription
) {
  const from = learning._tag === "Airl" ? learning.critic.load?.from : undefined
  if (from === undefined) return
  const saved = yield* SavedRewards.read((yield* findReward(from)).folder)
  const departures = saved === undefined ? [] : Descriptions.differences(saved.reading, reading)
  yield* Effect.forEach(departures.map(Descriptions.describeDifference), session.note, { discard: true })
})

/** Runs one configuration to its end, from where an earlier session left it. */
export const trainRun = Effect.fnUntraced(function* (options: RunOptions, job: TrainJob) {
  const recipe = recipeOf(job.config)
  const found = yield* findStart(recipe)
  const data = yield* prepareData(recipe, found)
  const work: Work = { recipe, data, start: yield* startOf(recipe, found, data.task.tokenizer) }
  const config: Json = { name: job.name, recipe: configuration(recipe) }
  const hashes = { data: digestOfTask(data.task), model: digestOfStart(work.start) }
  const session = yield* Sessions.open(options, { config, hashes }, planOf(work))
  yield* writeInputs(session, job.configText, work)
  yield* session.note(printDataReport(data.report))

  const served = { ...work, start: yield* withServer(recipe, work.start, session.directory.path) }
  const ready = yield* fineTuned(served, session)
  const before =
    practiceOf(work) === undefined ? undefined : yield* tested(ready, session, "before", ready.start.params)
  const told = {
    reading: describedBy(job.config.model, data.task.stepRule),
    objective: job.config.model.classifier_loss
  }
  yield* tellDepartures(work, session, told.reading)
  const params = yield* learn(ready, session, told)
  const after = yield* tested(ready, session, "after", params)

  const rows = yield* stepRows(session.directory)
  const summary: TrainSummary = {
    name: job.name,
    seed: recipe.seed,
    algorithm: job.config.algorithm,
    task: data.task.name,
    passAt1: { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) },
    metrics: Object.fromEntries([...rows].map(([stage, steps]) => [stage, lastMetrics(steps)])),
    model: `${session.directory.path}/best_model`
  }
  yield* writeFigures(session.directory, figuresOf(rows))
  yield* RunDirectory.writeArtifact(session.directory, "summary.json", summary)
  yield* RunDirectory.finish(session.directory, { model: summary.model })
  return { summary, table: summaryTable(session.summaries()) }
})
