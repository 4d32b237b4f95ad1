import { Effect, FileSystem, Stream } from "effect"
import { type ReadRows, tableRow } from "./Contents.ts"
import { fileError } from "./errors.ts"
import { plainRow } from "./plainValue.ts"

const broken = (file: string) =>
  fileError(
    file,
    "decode",
    ". Needed is a complete Parquet file, its pages packed with Snappy or not at all; fetch it again or rewrite it"
  )

/** The rows of a Parquet file, a row group at a time; only the bytes of the wanted columns are read. */
export const rows: ReadRows = (file, columns) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { size } = yield* fs.stat(file).pipe(Effect.mapError(fileError(file, "read")))
      // Loaded at first use, so that commands without tables start without it.
      const { parquetMetadataAsync, parquetReadObjects } = yield* Effect.promise(() => import("hyparquet"))
      const buffer = {
        byteLength: Number(size),
        slice: (start: number, end = Number(size)): Promise<ArrayBuffer> =>
          Effect.runPromise(
            fs.stream(file, { offset: start, bytesToRead: end - start }).pipe(
              Stream.runFold(
                () => ({ bytes: new Uint8Array(end - start), at: 0 }),
                ({ bytes, at }, chunk) => {
                  bytes.set(chunk, at)
                  return { bytes, at: at + chunk.length }
                }
              ),
              Effect.map(({ bytes }) => bytes.buffer)
            )
          )
      }
      const metadata = yield* Effect.tryPromise({ try: () => parquetMetadataAsync(buffer), catch: broken(file) })
      const names = new Set(metadata.row_groups[0]?.columns.map((c) => c.meta_data?.path_in_schema[0]) ?? [])
      const wanted = columns?.filter((name) => names.has(name))
      const groups = metadata.row_groups.map((group) => Number(group.num_rows))
      return Stream.fromIterable(groups.keys()).pipe(
        Stream.mapEffect((g) => {
          const rowStart = groups.slice(0, g).reduce((sum, n) => sum + n, 0)
          const rowEnd = rowStart + groups[g]!
          const only = wanted === undefined ? {} : { columns: wanted }
          const read = Effect.tryPromise({
            try: () => parquetReadObjects({ file: buffer, metadata, rowStart, rowEnd, ...only }),
            catch: broken(file)
          })
          return Effect.map(read, (rows) =>
            rows.map((row, i) => tableRow(file, rowStart + i + 1, plainRow(Object.entries(row))))
          )
        }),
        Stream.flatMap(Stream.fromIterable)
      )
    })
  )
