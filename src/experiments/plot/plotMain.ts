import { Console, Effect } from "effect"
import type { PlotMainOptions } from "../commands/index.ts"
import { ablationDrawings } from "./ablationDrawings.ts"
import { acrossRuns } from "./acrossRuns.ts"
import { close } from "./closing.ts"
import { contained, type Drawn, drawJob } from "./drawJob.ts"
import { type Job, jobsOf } from "./Job.ts"
import { openPress, writeDrawing, writeTable } from "./pictures.ts"
import { readSpec } from "./Spec.ts"
import { drawInThread } from "./worker.ts"

const told =
  (total: number) =>
  ({ job, files, seconds, troubles }: Drawn, done: number) =>
    Console.error(
      `[${done}/${total}] ${job}: ${files} files in ${seconds.toFixed(1)} s${troubles.length > 0 ? `, ${troubles.length} troubles` : ""}`
    )

const drawAll = (jobs: ReadonlyArray<Job>, options: PlotMainOptions) => {
  let done = 0
  const tell = told(jobs.length)
  const workers = Math.min(options.workers, jobs.length)
  // One thread alone would only cost its start; with --debug a defect ends the command with its stack.
  const inProcess = (job: Job) => (options.debug ? drawJob(job) : contained(job)(drawJob(job)))
  const draw = workers <= 1 || options.debug ? inProcess : drawInThread
  return Effect.forEach(
    jobs,
    (job) =>
      Effect.tap(draw(job), (drawn) => {
        done += 1
        return tell(drawn, done)
      }),
    { concurrency: options.debug ? 1 : Math.max(1, workers) }
  )
}

/** `rewardflow plot main`: every figure and table of every run, then the tables over all runs. */
export const plotMain = Effect.fnUntraced(function* (options: PlotMainOptions) {
  const spec = yield* readSpec(options.config)
  const jobs = yield* Effect.fromResult(jobsOf(spec, options))
  const drawn = yield* drawAll(jobs, options)
  const root = options.outputRoot ?? spec.outputRoot
  for (const answerOnly of spec.answerOnlyModes) {
    const runs = drawn.flatMap(({ summary }) => (summary?.answerOnly === answerOnly ? [summary] : []))
    const folder = `${root}/${answerOnly ? "answer_only" : "all_tokens"}`
    yield* Effect.forEach(acrossRuns(runs), (table) => writeTable(folder, table), { discard: true })
    const press = yield* openPress
    yield* Effect.forEach(ablationDrawings(runs), (drawing) => writeDrawing(folder, drawing, press), { discard: true })
  }
  const troubles = drawn.flatMap(({ summary }) =>
    Object.values(summary?.provenance ?? {}).flatMap(({ file, problems }) =>
      problems.map((problem) => `${file}: ${problem}`)
    )
  )
  yield* Effect.forEach(new Set(troubles), (trouble) => Console.error(trouble), { discard: true })
  const files = drawn.reduce((sum, { files: own }) => sum + own, 0)
  if (options.json) yield* Console.log(JSON.stringify(drawn, undefined, 2))
  yield* close(
    drawn.flatMap(({ troubles }) => troubles),
    `${drawn.filter(({ summary }) => summary !== undefined).length} of ${jobs.length} runs drawn, ${files} files under ${root}`,
    options.allowMissing
  )
})
