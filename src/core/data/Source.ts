import { Effect, FileSystem, Option, Result, Schema, Stream } from "effect"
import * as Arrow from "./Arrow.ts"
import { type Contents, collect, type Line, onlyGood, type ReadRows } from "./Contents.ts"
import { type BadRows, FileError, fileError } from "./errors.ts"
import * as Json from "./Json.ts"
import * as Jsonl from "./Jsonl.ts"
import * as Parquet from "./Parquet.ts"
import { decodeRow } from "./parseRow.ts"
import { endings, homesOf, joinPath, splitFiles } from "./splitFiles.ts"

/** Where published rows come from; the readers of tasks know nothing else of a data set's format and place. */
export interface Source {
  /** Names the whole in messages: a file or a folder. */
  readonly name: string
  /** The rows as JSON-like values. @param columns those that are wanted; a format may leave the others unread */
  readonly rows: (columns?: ReadonlyArray<string>) => Stream.Stream<Line<unknown>, FileError, FileSystem.FileSystem>
}

const jsonl: ReadRows = (path) => Jsonl.stream(path, Schema.Unknown)
const formats: Readonly<Record<(typeof endings)[number], ReadRows>> = {
  ".jsonl": jsonl,
  ".jsonl.gz": jsonl,
  ".json": Json.rows,
  ".parquet": Parquet.rows,
  ".arrow": Arrow.rows
}

/** One file, its format told by its ending: one of `endings`. */
export const file = (path: string): Source => {
  const ending = endings.find((e) => path.endsWith(e))
  const reason = `its ending is none of ${endings.join(", ")}`
  const unknown = Stream.fail(new FileError({ file: path, during: "read", reason }))
  return { name: path, rows: (columns) => (ending === undefined ? unknown : formats[ending](path, columns)) }
}

/** Several sources one after another. */
export const concat = (name: string, parts: ReadonlyArray<Source>): Source => ({
  name,
  rows: (columns) => Stream.fromIterable(parts).pipe(Stream.flatMap((part) => part.rows(columns)))
})

type Looked = { readonly source: Source } | { readonly file: string; readonly reason: string }

const look = (
  folder: string,
  names: ReadonlyArray<string>,
  within: ReadonlyArray<string>
): Effect.Effect<Looked, FileError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const saved = `${folder}/dataset_dict.json`
    if (yield* fs.exists(saved).pipe(Effect.mapError(fileError(folder, "read")))) {
      const splits = yield* Arrow.savedSplits(folder)
      const name = names.find((n) => splits.includes(n))
      if (name === undefined)
        return { file: saved, reason: `it has no split "${names.join('" or "')}", only ${splits.join(", ")}` }
      return { source: concat(`${folder}/${name}`, (yield* Arrow.savedFiles(`${folder}/${name}`)).map(file)) }
    }
    const homes = homesOf(within)
    const places = [...homes, ...homes.flatMap((home) => names.map((name) => joinPath(home, name)))]
    const listed = yield* Effect.forEach(places, (home) => filesOf(fs, folder, home))
    const found = splitFiles(listed.flat(), names, within)
    if (found._tag === "Incomplete")
      return yield* new FileError({ file: `${folder}/${found.path}`, during: "read", reason: found.reason })
    if (found._tag === "None") {
      const searched = homes.map((home) => joinPath(folder, home)).join(", ")
      const reason = `none of ${found.forms.join(", ")} is in ${searched}, and ${folder} is no saved data set`
      return { file: `${folder}/${names[0]}.jsonl`, reason }
    }
    const parts = found.paths.map((path) => file(`${folder}/${path}`))
    return { source: parts.length === 1 ? parts[0]! : concat(`${folder}/${found.name}`, parts) }
  })

const listOf = (names: string | ReadonlyArray<string>) => (typeof names === "string" ? [names] : names)

/** As `split`, but undefined where there is none of these names. */
export const findSplit = (
  folder: string,
  names: string | ReadonlyArray<string>,
  within: ReadonlyArray<string> = []
): Effect.Effect<Source | undefined, FileError, FileSystem.FileSystem> =>
  Effect.map(look(folder, listOf(names), within), (found) => ("source" in found ? found.source : undefined))

/**
 * One split of a folder: of a saved data set (`dataset_dict.json` and Arrow files), or as `splitFiles` finds it. All
 * shards must be there.
 *
 * @param names of the split; of several the first that is there counts
 * @param within sub-folders to look in too, e.g. a configuration
 */
export const split = (
  folder: string,
  names: string | ReadonlyArray<string>,
  within: ReadonlyArray<string> = []
): Effect.Effect<Source, FileError, FileSystem.FileSystem> =>
  Effect.flatMap(look(folder, listOf(names), within), (found) =>
    "source" in found ? Effect.succeed(found.source) : new FileError({ ...found, during: "read" })
  )

/** What lies directly in a sub-folder, from the folder; nothing where there is no such sub-folder. */
const filesOf = (
  fs: FileSystem.FileSystem,
  folder: string,
  home: string
): Effect.Effect<ReadonlyArray<string>, FileError> => {
  const path = joinPath(folder, home)
  return Effect.gen(function* () {
    if (!(yield* fs.exists(path)) || (yield* fs.stat(path)).type !== "Directory") return []
    return (yield* fs.readDirectory(path)).map((name) => joinPath(home, name))
  }).pipe(Effect.mapError(fileError(path, "read")))
}

/** Which of these columns the first row of a source has; a null there is an absent column. */
export const columns = (
  source: Source,
  among: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, FileError, FileSystem.FileSystem> =>
  Effect.map(Stream.runHead(source.rows(among)), (line) => {
    const row = Option.isSome(line) ? Result.getOrElse(line.value.row, () => undefined) : undefined
    return typeof row === "object" && row !== null ? among.filter((name) => Object.hasOwn(row, name)) : []
  })

/** A row type: a schema of an object whose keys are the wanted columns. */
export type RowSchema<A> = Schema.Decoder<A> & { readonly fields: Readonly<Record<string, unknown>> }

/** Reads a source: the good rows in order, and an account of the bad ones. @param options.maxErrors default 10 */
export const read = <A>(
  source: Source,
  schema: RowSchema<A>,
  options: { readonly maxErrors?: number } = {}
): Effect.Effect<Contents<A>, FileError, FileSystem.FileSystem> => {
  const decode = decodeRow<A>(schema)
  const lines = source
    .rows(Object.keys(schema.fields))
    .pipe(
      Stream.map(
        ({ row, ...place }): Line<A> => ({ ...place, row: Result.flatMap(row, (value) => decode(value, place)) })
      )
    )
  return collect(lines, options)
}

/** The rows of a source that must be sound throughout: fails with BadRows when a single one is not. */
export const readAll = <A>(
  source: Source,
  schema: RowSchema<A>
): Effect.Effect<ReadonlyArray<A>, FileError | BadRows, FileSystem.FileSystem> =>
  Effect.flatMap(read(source, schema), onlyGood(source.name))
