import { Effect, FileSystem, Schema, Stream } from "effect"
import { type Line, type ReadRows, tableRow } from "./Contents.ts"
import { type FileError, fileError } from "./errors.ts"
import * as Jsonl from "./Jsonl.ts"

const array = (file: string, text: string): Effect.Effect<ReadonlyArray<Line<unknown>>, FileError> =>
  Effect.try({
    try: () => {
      const rows: ReadonlyArray<unknown> = JSON.parse(text)
      return rows.map((row, i) => tableRow(file, i + 1, row))
    },
    catch: fileError(file, "decode", ". Needed is one complete JSON array of objects; fetch it again")
  })

/** The rows of a `.json` file: of one array, or, as some publish it, an object a line. */
export const rows: ReadRows = (file) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const start = yield* fs.stream(file, { bytesToRead: 64 }).pipe(Stream.decodeText(), Stream.mkString)
      if (!start.trimStart().startsWith("[")) return Jsonl.stream(file, Schema.Unknown)
      return Stream.fromIterable(yield* array(file, yield* fs.readFileString(file)))
    }).pipe(Effect.mapError(fileError(file, "read")))
  )
