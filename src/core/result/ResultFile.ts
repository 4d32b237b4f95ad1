import { Effect, type FileSystem, Result, Stream } from "effect"
import { type FileError, Jsonl, type Line, type ResultRow } from "../data/index.ts"
import * as Census from "./Census.ts"
import { lines as harnessLines } from "./harnessLines.ts"
import { parseResult } from "./parseResult.ts"
import type { KeyedRow } from "./RowKey.ts"

/** The task of a file of samples of lm-evaluation-harness, by the file's name; `undefined` for any other file. */
const harnessTask = (file: string): string | undefined =>
  /(?:^|\/)samples_(.+)_\d{4}-\d\d-\d\dT[\d.-]+\.jsonl(?:\.gz)?$/.exec(file)?.[1]

/**
 * The lines of a result file (`.jsonl`, `.jsonl.gz`), one at a time, so that it may be larger than memory. A file that is
 * named as lm-evaluation-harness names its samples is read as such, one row a draw.
 */
export const lines = (file: string): Stream.Stream<Line<KeyedRow>, FileError, FileSystem.FileSystem> => {
  const task = harnessTask(file)
  return task === undefined ? Jsonl.parsed(file, parseResult) : harnessLines(file, { task })
}

/**
 * The rows of a file that are for use, each entered into the census on its way.
 *
 * @param name gives rows the names of their problems first, see `identify`; default as they are
 */
export const stream = (
  file: string,
  census: Census.Census,
  name: (row: KeyedRow) => KeyedRow = (row) => row
): Stream.Stream<KeyedRow, FileError, FileSystem.FileSystem> =>
  Stream.mapAccum(
    lines(file),
    () => census,
    (account, line): readonly [Census.Census, ReadonlyArray<KeyedRow>] => {
      const row = Census.add(account, { ...line, row: Result.map(line.row, name) })
      return [account, row === undefined ? [] : [row]]
    }
  )

/** The rows of a file that are for use, and what is wrong with it. */
export interface Results {
  readonly rows: ReadonlyArray<KeyedRow>
  readonly problems: ReadonlyArray<Census.ResultProblem>
}

/** A file that fits into memory, as a whole. */
export const read = (
  file: string,
  expected: Census.Expected = {},
  name?: (row: KeyedRow) => KeyedRow
): Effect.Effect<Results, FileError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const census = Census.make(expected)
    const rows = yield* Stream.runCollect(stream(file, census, name))
    return { rows, problems: Census.report(census) }
  })

/** Writes rows one at a time, packed when the name ends in `.gz`; a value that is not finite is written as null. */
export const write = <R>(
  file: string,
  rows: Stream.Stream<ResultRow, FileError, R>
): Effect.Effect<void, FileError, FileSystem.FileSystem | R> => Jsonl.writeStream(file, rows)
