import { Effect, Option, Result } from "effect"
import { parseRow, ResultRow } from "../../core/data/index.ts"
import { CorruptRun, RunDirectory } from "../../core/run/index.ts"

const parse = parseRow(ResultRow)

const columns = Object.keys(ResultRow.fields) as ReadonlyArray<keyof ResultRow>

/** A row with its columns in the order in which they are read back, so that a run that goes on writes the same bytes. */
const inOrder = (row: ResultRow): ResultRow =>
  // The columns are those of the row, and no others.
  Object.fromEntries(columns.flatMap((name) => (row[name] === undefined ? [] : [[name, row[name]]]))) as never

/**
 * Result rows that are computed once in a run: read from the file `name` of the directory where an earlier session
 * wrote it, else computed and written in one piece.
 */
export const storedRows = <E, R>(
  directory: RunDirectory.RunDirectory,
  name: string,
  compute: Effect.Effect<ReadonlyArray<ResultRow>, E, R>
) =>
  Effect.gen(function* () {
    const found = yield* RunDirectory.readArtifact(directory, name)
    if (Option.isNone(found)) {
      const rows = (yield* compute).map(inOrder)
      yield* RunDirectory.writeArtifact(directory, name, rows.map((row) => `${JSON.stringify(row)}\n`).join(""))
      return rows
    }
    const lines = new TextDecoder().decode(found.value).split("\n")
    const path = `${directory.path}/${name}`
    const rows: Array<ResultRow> = []
    for (const [i, line] of lines.entries()) {
      if (line === "") continue
      const row = parse(line, { file: path, line: i + 1 })
      if (Result.isFailure(row)) return yield* new CorruptRun({ path, reason: row.failure[0]!.message })
      rows.push(row.success)
    }
    return rows
  })
