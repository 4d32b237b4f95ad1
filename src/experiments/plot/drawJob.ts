import { Effect, FileSystem } from "effect"
import { findResults, ResultsNotFound } from "./findResults.ts"
import { chosenSelector, type Job, type MethodName, methods } from "./Job.ts"
import { mainDrawings, usualKs } from "./mainDrawings.ts"
import { mainTables } from "./mainTables.ts"
import { openPress, writeDrawing, writeTable } from "./pictures.ts"
import * as RunResults from "./RunResults.ts"
import { type MethodResults, readMethod } from "./readMethod.ts"
import { type RunSummary, summariseRun } from "./summariseRun.ts"
import { tokenFigures } from "./tokenFigures.ts"

/** Something that a job could not do. */
export interface Trouble {
  /** `missing`: a file is not there; `failed`: anything else. */
  readonly kind: "missing" | "failed"
  readonly job: string
  readonly reason: string
}

/** What came of a job. */
export interface Drawn {
  readonly job: string
  readonly summary: RunSummary | undefined
  readonly troubles: ReadonlyArray<Trouble>
  readonly files: number
  readonly seconds: number
}

/** How a job is called in messages. */
export const jobName = (job: Pick<Job, "domain" | "label" | "answerOnly">): string =>
  `${job.answerOnly ? "answer_only" : "all_tokens"}/${job.domain}/${job.label}`

const troubleOf =
  (job: string) =>
  (error: unknown): Trouble => ({
    kind: error instanceof ResultsNotFound ? "missing" : "failed",
    job,
    reason: error instanceof Error ? error.message : String(error)
  })

const readRuns = (job: Job, name: string) =>
  Effect.gen(function* () {
    const selector = yield* Effect.fromResult(chosenSelector(job.selector, job.answerOnly))
    const found: Partial<Record<MethodName, MethodResults>> = {}
    const troubles: Array<Trouble> = []
    for (const method of methods) {
      const run = job.runs[method]
      if (run === undefined) continue
      yield* findResults({ root: job.root, ...run, checkpoint: job.checkpoint }).pipe(
        Effect.flatMap((file) => readMethod(file, selector, job.numGenerations)),
        Effect.match({
          onSuccess: (results) => {
            if (results.pools.length > 0) found[method] = results
            else troubles.push({ kind: "failed", job: name, reason: `${results.file} has no row with a verdict.` })
          },
          onFailure: (error) => {
            troubles.push(troubleOf(name)(error))
          }
        })
      )
    }
    const results = RunResults.make({
      label: `${job.label}, ${job.domain}`,
      selector: selector.name,
      methods: found,
      ks: usualKs,
      ns: job.rerankingGenerations
    })
    return { results, troubles }
  })

/** What came of a job that could not be drawn at all. */
export const undrawn = (job: Pick<Job, "domain" | "label" | "answerOnly">, error: unknown): Drawn => ({
  job: jobName(job),
  summary: undefined,
  troubles: [troubleOf(jobName(job))(error)],
  files: 0,
  seconds: 0
})

/** A job that breaks is a trouble of its own, and the others go on. */
export const contained =
  (job: Pick<Job, "domain" | "label" | "answerOnly">) =>
  <E, R>(drawing: Effect.Effect<Drawn, E, R>): Effect.Effect<Drawn, E, R> =>
    Effect.catchDefect(drawing, (defect) => Effect.succeed(undrawn(job, defect)))

/** Draws everything of one job into its folder. A failure is a trouble that is told, and the rest goes on. */
export const drawJob = (job: Job): Effect.Effect<Drawn, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const name = jobName(job)
    const started = performance.now()
    const { results, troubles } = yield* readRuns(job, name)
    const airl = results.methods.airl
    if (airl === undefined) return { job: name, summary: undefined, troubles, files: 0, seconds: 0 }
    const press = yield* openPress
    const [tables, drawings] = [mainTables(results), mainDrawings(results)]
    yield* Effect.forEach(tables, (table) => writeTable(job.output, table), { discard: true })
    for (const drawing of drawings) {
      const folder = drawing.id === "reranking_compact" ? `${job.output}/plots_reranking_compact` : job.output
      yield* writeDrawing(folder, drawing, press)
    }
    let tokens = 0
    if (job.tokenFigures && airl.pools.some(({ scores }) => scores["reward"] !== undefined)) {
      const { drawings: maps, unplaced } = yield* tokenFigures(airl, job.label)
      for (const map of maps) yield* writeDrawing(`${job.output}/dense_rewards_raw`, map, press)
      tokens = maps.length
      if (unplaced > 0)
        troubles.push({
          kind: "missing",
          job: name,
          reason: `${unplaced} completions have no token_offsets in step with their rewards, so their tokens cannot be coloured. Score the file again, or pass --no-token-figs.`
        })
    }
    const summary = summariseRun(job, results)
    yield* fs.writeFileString(`${job.output}/summary.json`, `${JSON.stringify(summary, undefined, 2)}\n`)
    const files = 6 * tables.length + 4 * (drawings.length + tokens) + 1
    return { job: name, summary, troubles, files, seconds: (performance.now() - started) / 1000 }
  }).pipe(Effect.catch((error) => Effect.succeed(undrawn(job, error))))
