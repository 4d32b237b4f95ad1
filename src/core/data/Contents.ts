import { Effect, type FileSystem, Result, Stream } from "effect"
import { BadRows, type FileError, type RowError } from "./errors.ts"
import type { RowPlace } from "./parseRow.ts"

/** A good row, or what is wrong with a bad one, and where it stands. */
export interface Line<A> extends RowPlace {
  readonly row: Result.Result<A, ReadonlyArray<RowError>>
}

/** A row of a table; only a schema can find it bad. @param line from 1 */
export const tableRow = (file: string, line: number, row: unknown): Line<unknown> => ({
  file,
  line,
  counts: "rows",
  row: Result.succeed(row)
})

/**
 * Reads the rows of one format.
 *
 * @param columns top-level columns that are wanted, default all; one that the file lacks is missing from every row
 */
export type ReadRows = (
  file: string,
  columns?: ReadonlyArray<string>
) => Stream.Stream<Line<unknown>, FileError, FileSystem.FileSystem>

/** What a file or table holds: its good rows, and an account of its bad ones. */
export interface Contents<A> {
  readonly rows: ReadonlyArray<A>
  /** Errors of the first bad rows. */
  readonly errors: ReadonlyArray<RowError>
  /** All bad rows; rows.length + badRows is the number of rows read. */
  readonly badRows: number
}

/** Gathers a stream of rows. @param options.maxErrors errors kept, default 10 */
export const collect = <A, E, R>(
  lines: Stream.Stream<Line<A>, E, R>,
  { maxErrors = 10 }: { readonly maxErrors?: number } = {}
): Effect.Effect<Contents<A>, E, R> =>
  Effect.gen(function* () {
    const rows: Array<A> = []
    const errors: Array<RowError> = []
    let badRows = 0
    yield* Stream.runForEach(lines, ({ row }) =>
      Effect.sync(() => {
        if (Result.isSuccess(row)) {
          rows.push(row.success)
          return
        }
        badRows++
        for (const error of row.failure) if (errors.length < maxErrors) errors.push(error)
      })
    )
    return { rows, errors, badRows }
  })

/** The rows, where none may be bad: fails with BadRows otherwise. @param file names the whole in the message */
export const onlyGood =
  (file: string) =>
  <A>({ rows, errors, badRows }: Contents<A>): Effect.Effect<ReadonlyArray<A>, BadRows> =>
    badRows === 0 ? Effect.succeed(rows) : Effect.fail(new BadRows({ file, good: rows.length, bad: badRows, errors }))
