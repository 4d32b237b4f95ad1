import { Data, Effect, FileSystem, Schema } from "effect"
import type { Json } from "../../core/run/index.ts"

/** A file of results that was not made by this. */
export class OtherResults extends Data.TaggedError("OtherResults")<{
  readonly file: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.file}: ${this.reason}. Give another output file, or --overwrite to replace it.`
  }
}

/** A file that could not be written or read. */
export class ResultsFailed extends Data.TaggedError("ResultsFailed")<{
  readonly file: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.file}: ${this.reason}. Make room or mend the permissions, and call the same again: it goes on from there.`
  }
}

const Kept = Schema.fromJsonString(
  Schema.Struct({
    settings: Schema.Json,
    chunks: Schema.Int,
    bytes: Schema.Int,
    counts: Schema.Record(Schema.String, Schema.Int)
  })
)
type Kept = typeof Kept.Type

/** A JSONL file that is written in chunks, and that a killed process leaves so that another goes on with it. */
export interface ChunkedFile {
  readonly file: string
  /** Chunks that lie there already. */
  readonly chunks: number
  /** What was counted so far, by name. */
  readonly counts: () => Readonly<Record<string, number>>
  /** Appends the rows of the next chunk: afterwards either all of them are there, or none counts. */
  readonly append: (
    rows: ReadonlyArray<unknown>,
    counts?: Readonly<Record<string, number>>
  ) => Effect.Effect<void, ResultsFailed>
}

export interface ChunkedOptions {
  /** Everything that decides the rows; a file that other settings made is not gone on with. */
  readonly settings: Json
  readonly overwrite: boolean
}

/** Where the account of a file lies. */
const accountOf = (file: string): string => `${file}.progress.json`

/**
 * Opens a file of results. The account beside it says how many chunks and bytes are sound; what a killed process wrote
 * after them is cut off, since its chunk is made again, with the same rows.
 */
export const open = Effect.fnUntraced(function* (file: string, { settings, overwrite }: ChunkedOptions) {
  const fs = yield* FileSystem.FileSystem
  const failed = ({ message: reason }: { readonly message: string }) => new ResultsFailed({ file, reason })
  const account = accountOf(file)
  const folder = file.includes("/") ? file.slice(0, file.lastIndexOf("/")) : "."
  const setUp = Effect.gen(function* () {
    yield* fs.makeDirectory(folder, { recursive: true })
    const there = !overwrite && (yield* fs.exists(file))
    const text = there && (yield* fs.exists(account)) ? yield* fs.readFileString(account) : undefined
    return { there, text, size: there ? Number((yield* fs.stat(file)).size) : 0 }
  })
  const { there, text, size } = yield* setUp.pipe(Effect.mapError(failed))
  const fresh: Kept = { settings, chunks: 0, bytes: 0, counts: {} }
  const kept =
    text === undefined
      ? undefined
      : yield* Schema.decodeUnknownEffect(Kept)(text).pipe(
          Effect.mapError(() => new OtherResults({ file: account, reason: "it cannot be read" }))
        )
  if (there && kept === undefined && size > 0)
    return yield* new OtherResults({ file, reason: "results lie there, and nothing says which settings made them" })
  if (kept !== undefined && JSON.stringify(kept.settings) !== JSON.stringify(settings))
    return yield* new OtherResults({ file, reason: "it was made with other settings, models or inputs" })
  if (kept !== undefined && size < kept.bytes)
    return yield* new OtherResults({ file, reason: `${kept.bytes - size} bytes that were written are gone` })
  let state = kept ?? fresh
  const note = (next: Kept) =>
    Effect.andThen(
      fs.writeFileString(`${account}.tmp`, `${JSON.stringify(next, null, 2)}\n`),
      fs.rename(`${account}.tmp`, account)
    )
  const start =
    kept === undefined ? Effect.andThen(fs.writeFileString(file, ""), note(fresh)) : fs.truncate(file, kept.bytes)
  yield* start.pipe(Effect.mapError(failed))

  const append: ChunkedFile["append"] = (rows, counts = {}) =>
    Effect.scoped(
      Effect.gen(function* () {
        const bytes = new TextEncoder().encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(""))
        const opened = yield* fs.open(file, { flag: "a" })
        yield* opened.writeAll(bytes)
        yield* opened.sync
        const added = Object.entries(counts).map(([name, n]) => [name, (state.counts[name] ?? 0) + n] as const)
        const next: Kept = {
          settings,
          chunks: state.chunks + 1,
          bytes: state.bytes + bytes.length,
          counts: { ...state.counts, ...Object.fromEntries(added) }
        }
        yield* note(next)
        state = next
      })
    ).pipe(Effect.mapError(failed))
  return { file, chunks: state.chunks, counts: () => state.counts, append } satisfies ChunkedFile
})
