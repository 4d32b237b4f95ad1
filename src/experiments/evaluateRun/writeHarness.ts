import { Clock, Effect, FileSystem } from "effect"
import type { RunConfig } from "../../core/config/index.ts"
import { Harness, ResultFile } from "../../core/result/index.ts"
import { ResultsFailed } from "./ChunkedFile.ts"
import type { FileMetrics } from "./measureFile.ts"

/** An evaluation whose rows are written. */
export interface Evaluated {
  readonly file: string
  readonly policy: string | null
  /** Whether this evaluation drew the rows; how those of others were drawn it cannot know. */
  readonly drew: boolean
  readonly metrics: Pick<FileMetrics, "passAtK">
}

/**
 * Writes an evaluation in the two files of lm-evaluation-harness, `samples_<task>_<time>.jsonl` and `results_<time>.json`,
 * beside its rows. All rows are in memory for it. Pass@1 is `exact_match`, the others keep their names.
 *
 * @returns the two files
 */
export const writeHarness = Effect.fnUntraced(function* (
  { dataset, eval: own, model, seed }: RunConfig,
  run: Evaluated
) {
  const fs = yield* FileSystem.FileSystem
  const started = new Date(yield* Clock.currentTimeMillis)
  const { rows } = yield* ResultFile.read(run.file)
  const sampling = run.drew
    ? {
        temperature: own.temperature,
        top_p: own.top_p,
        max_gen_toks: model.max_completion_length,
        do_sample: own.temperature > 0
      }
    : undefined
  const task = dataset.name
  const samples = yield* Harness.samples(rows, sampling)
  const results = yield* Harness.summary({
    task,
    samples,
    metrics: Object.fromEntries(
      run.metrics.passAtK.map(({ k, value }) => [k === 1 ? "exact_match" : `pass@${k}`, value])
    ),
    modelName: run.policy ?? "unknown",
    ...(sampling === undefined ? {} : { sampling, seed }),
    started
  })
  const names = Harness.fileNames(task, started)
  const place = run.file.slice(0, run.file.lastIndexOf("/") + 1)
  const [samplesFile, file] = [`${place}${names.samples}`, `${place}${names.results}`]
  yield* Harness.writeSamples(samplesFile, samples)
  yield* fs
    .writeFileString(file, `${JSON.stringify(results, null, 2)}\n`)
    .pipe(Effect.mapError(({ message: reason }) => new ResultsFailed({ file, reason })))
  return [samplesFile, file] as const
})
