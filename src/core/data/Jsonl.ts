import { Effect, FileSystem, Result, Schema, Stream } from "effect"
import { type Contents, collect, type Line, onlyGood } from "./Contents.ts"
import { type BadRows, type FileError, fileError, RowError } from "./errors.ts"
import { parseRow, type RowPlace } from "./parseRow.ts"

const NEWLINE = 10

/** Bytes of each line, cut at "\n"; unlike a split of decoded text, a broken character stays within its line. */
const splitBytes = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Uint8Array, E, R> =>
  bytes.pipe(
    Stream.mapAccum(
      (): ReadonlyArray<Uint8Array> => [],
      (held, chunk) => {
        const lines: Array<Uint8Array> = []
        let parts = held
        let start = 0
        for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
          lines.push(joined([...parts, chunk.subarray(start, end)]))
          parts = []
          start = end + 1
        }
        return [start < chunk.length ? [...parts, chunk.slice(start)] : parts, lines] as const
      },
      { onHalt: (held) => (held.length === 0 ? [] : [joined(held)]) }
    )
  )

const joined = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  if (parts.length === 1) return parts[0]!
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Passes bytes through a web transform, e.g. gzip; its failures become FileErrors. */
const through = <R>(
  bytes: Stream.Stream<Uint8Array, FileError, R>,
  transform: {
    readonly readable: ReadableStream<Uint8Array>
    readonly writable: WritableStream<Uint8Array<ArrayBuffer>>
  },
  onError: (cause: unknown) => FileError
): Stream.Stream<Uint8Array, FileError, R> =>
  Stream.unwrap(
    Effect.map(Stream.toReadableStreamEffect(bytes), (readable) =>
      Stream.fromReadableStream({
        // The web types ask for bytes over a plain ArrayBuffer, which file streams give.
        evaluate: () => (readable as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(transform),
        onError
      })
    )
  )

/** Bytes of a file, unpacked when its name ends in `.gz`. */
const bytesOf = (file: string): Stream.Stream<Uint8Array, FileError, FileSystem.FileSystem> => {
  const raw = Stream.unwrap(Effect.map(FileSystem.FileSystem, (fs) => fs.stream(file))).pipe(
    Stream.mapError(fileError(file, "read"))
  )
  const broken = fileError(file, "decompress", ". The file is no complete gzip file; fetch it again")
  return file.endsWith(".gz") ? through(raw, new DecompressionStream("gzip"), broken) : raw
}

/** One line of text as a row, or everything that is wrong with it. */
export type ParseLine<A> = (text: string, place: RowPlace) => Result.Result<A, ReadonlyArray<RowError>>

/**
 * The lines of a JSONL file (UTF-8, one object a line, `.gz` too), each decoded by the schema. Blank lines are no
 * rows. A bad line is an element of the stream, not its end.
 */
export const stream = <A>(
  file: string,
  schema: Schema.Decoder<A>
): Stream.Stream<Line<A>, FileError, FileSystem.FileSystem> => parsed(file, parseRow(schema))

/** As `stream`, for rows that a schema alone does not read. */
export const parsed = <A>(
  file: string,
  parse: ParseLine<A>
): Stream.Stream<Line<A>, FileError, FileSystem.FileSystem> => {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  return splitBytes(bytesOf(file)).pipe(
    Stream.mapAccum(
      () => 0,
      (before, bytes): readonly [number, ReadonlyArray<Line<A>>] => {
        const line = before + 1
        const place = { file, line }
        let text: string
        try {
          // A leading byte order mark is swallowed by the decoder.
          text = decoder.decode(bytes)
        } catch {
          const reason = "the line is not UTF-8"
          const error = new RowError({ ...place, field: "", kind: "encoding", reason, fix: "Save the file as UTF-8." })
          return [line, [{ ...place, row: Result.fail([error]) }]]
        }
        return [line, text.trim() === "" ? [] : [{ ...place, row: parse(text, place) }]]
      }
    )
  )
}

/**
 * Reads a whole file: the good rows in order, the errors of its first bad rows, and how many rows are bad. Nothing is
 * dropped without being counted.
 *
 * @param options.maxErrors errors kept, default 10
 */
export const read = <A>(
  file: string,
  schema: Schema.Decoder<A>,
  options: { readonly maxErrors?: number } = {}
): Effect.Effect<Contents<A>, FileError, FileSystem.FileSystem> => collect(stream(file, schema), options)

/** The rows of a file that must be sound throughout: fails with BadRows when a single one is not. */
export const readAll = <A>(
  file: string,
  schema: Schema.Decoder<A>
): Effect.Effect<ReadonlyArray<A>, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.flatMap(read(file, schema), onlyGood(file))

/**
 * Writes rows as JSONL with a final newline, packed when the name ends in `.gz`. A row that does not fit its schema
 * fails the write.
 */
export const write = <A, I>(
  file: string,
  schema: Schema.Codec<A, I>,
  rows: Iterable<A>
): Effect.Effect<void, FileError, FileSystem.FileSystem> => {
  const encode = Schema.encodeEffect(schema)
  const values = Stream.mapEffect(Stream.fromIterable(rows), (row) => encode(row))
  return writeStream(file, Stream.mapError(values, fileError(file, "encode")))
}

/** Writes a stream of values, each as the JSON that it is, as `write` does; none is held longer than it takes. */
export const writeStream = <R>(
  file: string,
  values: Stream.Stream<unknown, FileError, R>
): Effect.Effect<void, FileError, FileSystem.FileSystem | R> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const lines = values.pipe(
      Stream.map((value) => `${JSON.stringify(value)}\n`),
      Stream.encodeText
    )
    const failed = fileError(file, "write")
    const bytes = file.endsWith(".gz") ? through(lines, new CompressionStream("gzip"), failed) : lines
    yield* bytes.pipe(Stream.run(fs.sink(file)), Effect.mapError(failed))
  })
