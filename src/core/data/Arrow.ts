import { Effect, FileSystem, Schema, Stream } from "effect"
import { type Line, type ReadRows, tableRow } from "./Contents.ts"
import { type FileError, fileError } from "./errors.ts"
import { plainRow } from "./plainValue.ts"

const broken = (file: string) =>
  fileError(file, "decode", ". Needed is a complete Arrow file (stream or file format, not packed); fetch it again")

/** The rows of an Arrow IPC file, in the stream or the file format. */
export const rows: ReadRows = (file, columns) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const bytes = yield* fs.readFile(file).pipe(Effect.mapError(fileError(file, "read")))
      // Loaded at first use, so that commands without tables start without it.
      const { RecordBatchReader, Vector } = yield* Effect.promise(() => import("apache-arrow"))
      const lines = yield* Effect.try({
        try: () => {
          const out: Array<Line<unknown>> = []
          const isVector = (value: object) => value instanceof Vector
          const reader = RecordBatchReader.from(bytes).open()
          if (reader.schema === undefined) throw new Error("it holds no schema")
          const names = reader.schema.fields.map((f) => String(f.name)).filter((n) => columns?.includes(n) ?? true)
          for (const batch of reader) {
            const vectors = names.map((name) => [name, batch.getChild(name)] as const)
            for (let i = 0; i < batch.numRows; i++) {
              const values = vectors.map(([name, vector]) => [name, vector?.get(i)] as const)
              out.push(tableRow(file, out.length + 1, plainRow(values, isVector)))
            }
          }
          return out
        },
        catch: broken(file)
      })
      return Stream.fromIterable(lines)
    })
  )

const State = Schema.Struct({ _data_files: Schema.Array(Schema.Struct({ filename: Schema.NonEmptyString })) })
const Splits = Schema.Struct({ splits: Schema.Array(Schema.String) })

const json = <A>(file: string, schema: Schema.Decoder<A>) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const text = yield* fs.readFileString(file).pipe(Effect.mapError(fileError(file, "read")))
    return yield* Schema.decodeUnknownEffect(Schema.fromJsonString(schema))(text).pipe(
      Effect.mapError(fileError(file, "decode"))
    )
  })

/** The Arrow files of a data set saved to a folder (`state.json` lists them), in order. */
export const savedFiles = (folder: string): Effect.Effect<ReadonlyArray<string>, FileError, FileSystem.FileSystem> =>
  Effect.map(json(`${folder}/state.json`, State), (state) => state._data_files.map((f) => `${folder}/${f.filename}`))

/** The splits of a saved data set: a folder with `dataset_dict.json`. */
export const savedSplits = (folder: string): Effect.Effect<ReadonlyArray<string>, FileError, FileSystem.FileSystem> =>
  Effect.map(json(`${folder}/dataset_dict.json`, Splits), ({ splits }) => splits)
