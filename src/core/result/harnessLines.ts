import { type FileSystem, Result, Stream } from "effect"
import { type FileError, Jsonl, type Line, RowError } from "../data/index.ts"
import { parseSample, toRows } from "./HarnessSample.ts"
import type { KeyedRow } from "./RowKey.ts"

/** What is taken from a file of samples. */
export interface HarnessChoice {
  readonly task: string
  /** The metric that is the verdict; default each sample's first. */
  readonly metric?: string
  /** Samples come once a filter; default those of the first line's. */
  readonly filter?: string
}

/**
 * The rows of a file of samples, one a response, as lines for a census; nothing is held, so the file may be larger than
 * memory. Samples without responses, of tasks that compare likelihoods, are bad rows.
 */
export const lines = (
  file: string,
  { task, metric, filter }: HarnessChoice
): Stream.Stream<Line<KeyedRow>, FileError, FileSystem.FileSystem> =>
  Stream.mapAccum(
    Jsonl.parsed(file, parseSample),
    (): string | undefined => filter,
    (wanted, { row, ...place }): readonly [string | undefined, ReadonlyArray<Line<KeyedRow>>] => {
      if (Result.isFailure(row)) return [wanted, [{ ...place, row: Result.fail(row.failure) }]]
      const own = wanted ?? row.success.filter
      if (row.success.filter !== own) return [own, []]
      const rows = toRows(row.success, task, metric)
      if (rows !== undefined) return [own, rows.map((one) => ({ ...place, row: Result.succeed(one) }))]
      const reason = "it holds likelihoods, no generations"
      const fix = "Evaluate a task that generates."
      return [
        own,
        [{ ...place, row: Result.fail([new RowError({ ...place, field: "resps", kind: "value", reason, fix })]) }]
      ]
    }
  )
