import { Data, Effect, FileSystem, Path, Schema } from "effect"
import { type Measurement, Measurements, meanOverSeeds } from "../../core/evaluation/index.ts"
import { type Shown, Summary } from "../../core/figure/report/index.ts"

/** Runs that cannot stand in one table. */
export class Incomparable extends Data.TaggedError("Incomparable")<{ readonly path: string; readonly reason: string }> {
  override get message(): string {
    return `${this.path}: ${this.reason}`
  }
}

/** The runs of one task, one a seed. */
export type Runs = ReadonlyArray<Summary>

export const valueOf = (shown: Shown | undefined): number | undefined => shown?.value ?? undefined

/** Mean over seeds with its Student-t interval; not available unless every run has the number. */
export const overSeeds = (runs: Runs, read: (run: Summary) => number | undefined): Measurement => {
  const values = runs.flatMap((run) => read(run) ?? [])
  return values.length === runs.length ? meanOverSeeds(values) : Measurements.notAvailable("not measured in every run")
}

export const difference = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a - b

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Summary))

const load = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const path = (yield* Path.Path).join(folder, "summary.json")
  const text = yield* fs
    .readFileString(path)
    .pipe(
      Effect.mapError(
        () => new Incomparable({ path, reason: "cannot be read. Name folders of runs that have finished." })
      )
    )
  return yield* decode(text).pipe(
    Effect.mapError((error) => new Incomparable({ path, reason: `is no summary of a run: ${error.message}` }))
  )
})

/** Finished runs of one task that differ in their seed. */
export const readRuns = Effect.fnUntraced(function* (folders: ReadonlyArray<string>) {
  const runs = yield* Effect.forEach(folders, load)
  const first = runs[0]!
  for (const [i, run] of runs.entries()) {
    const path = folders[i]!
    if (run.task !== first.task)
      return yield* new Incomparable({ path, reason: `is a run on ${run.task}, the first on ${first.task}.` })
    if (runs.findIndex(({ seed }) => seed === run.seed) !== i)
      return yield* new Incomparable({ path, reason: `repeats seed ${run.seed}; runs must differ in their seed.` })
  }
  return runs
})

/** Says what the intervals of a table over seeds are. */
export const seedsCaption = (runs: Runs): string =>
  `Means over seeds ${runs.map(({ seed }) => seed).join(", ")}; in brackets 95% intervals of Student's t.`
