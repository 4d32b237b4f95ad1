import { Clock, Effect, FileSystem, Option } from "effect"
import { parse, stringify } from "yaml"
import { configDifferences } from "./configDifferences.ts"
import { readBytes, readFailed, syncDirectory, temporaryPrefix, writeAtomic, writeFailed } from "./DurableFile.ts"
import {
  ConfigMismatch,
  CorruptRun,
  ForeignDirectory,
  type ReadFailed,
  RunExists,
  UnfitJson,
  type WriteFailed
} from "./errors.ts"
import { inexactKey } from "./inexactKey.ts"
import type { Json } from "./Stage.ts"

/** The version of the layout that this library writes. */
export const format = 1

/** What describes a run; written to `config.yaml`, and what a resumed run must match. */
export interface Description {
  /** The resolved configuration, seeds included. A resumed run must give the same. */
  readonly config: Json
  /** SHA-256 or other digests of the input files, by name. A resumed run must give the same. */
  readonly hashes?: Readonly<Record<string, string>>
  /** What the last bits may depend on: versions, threads. May change between sessions, with a logged warning. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface OpenOptions extends Description {
  /** Go on with the run in this directory; starts a new one where there is none yet. */
  readonly resume?: boolean
  /** Remove the run that is there and start anew. */
  readonly overwrite?: boolean
}

/** An open run directory. Stages, events and artifacts live in it; everything in it is written so that a crash loses nothing durable. */
export interface RunDirectory {
  readonly path: string
  /** Whether an earlier session left work here. */
  readonly resumed: boolean
  /** Whether the run had been finished by an earlier session. */
  readonly finished: boolean
}

const configName = "config.yaml"
const finishedName = "finished.json"
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

const removeStale = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const removeIn = (folder: string, entries: ReadonlyArray<FileSystem.DirectoryEntry>) =>
    Effect.forEach(
      entries.filter((entry) => entry.name.startsWith(temporaryPrefix)),
      (entry) => fs.remove(`${folder}/${entry.name}`, { recursive: true, force: true }),
      { discard: true }
    )
  const entries = yield* fs.readDirectoryEntries(path)
  yield* removeIn(path, entries)
  for (const entry of entries) {
    if (entry.type !== "Directory" || entry.name.startsWith(temporaryPrefix)) continue
    yield* removeIn(`${path}/${entry.name}`, yield* fs.readDirectoryEntries(`${path}/${entry.name}`))
  }
  return entries.map((entry) => entry.name).filter((name) => !name.startsWith(temporaryPrefix))
})

const isRecord = (value: unknown): value is Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const readDescription = Effect.fnUntraced(function* (path: string) {
  const bytes = yield* readBytes(`${path}/${configName}`)
  if (Option.isNone(bytes)) return undefined
  const parsed = yield* Effect.try({
    try: (): unknown => parse(new TextDecoder().decode(bytes.value)),
    catch: (error) => new CorruptRun({ path: `${path}/${configName}`, reason: `not YAML (${error})` })
  })
  return isRecord(parsed) && "rewardflow" in parsed ? parsed : undefined
})

const checkDescription = Effect.fnUntraced(function* (
  path: string,
  found: Readonly<Record<string, Json>>,
  asked: Description
) {
  if (found["rewardflow"] !== format) {
    return yield* new CorruptRun({
      path: `${path}/${configName}`,
      reason: `layout ${found["rewardflow"]} is not the layout ${format} of this version`
    })
  }
  const differences = [
    ...configDifferences(found["config"], asked.config, "config"),
    ...configDifferences(found["hashes"] ?? {}, asked.hashes ?? {}, "hashes")
  ]
  if (differences.length > 0) return yield* new ConfigMismatch({ path, differences })
  for (const { key, before, now } of configDifferences(
    found["environment"] ?? {},
    asked.environment ?? {},
    "environment"
  )) {
    yield* Effect.logWarning(`${path}: ${key} was ${before}, is now ${now}; results may differ in the last bits.`)
  }
})

const clear = Effect.fnUntraced(function* (path: string, names: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  // config.yaml goes last: a directory half removed is still known as a run.
  for (const name of [...names.filter((name) => name !== configName), configName]) {
    yield* fs
      .remove(`${path}/${name}`, { recursive: true, force: true })
      .pipe(Effect.mapError(writeFailed(`${path}/${name}`, 0)))
  }
})

/**
 * Opens a directory for a run: creates it with its `config.yaml`, or goes on with the run that is there.
 *
 * Leftovers of a killed process are removed. Fails with `RunExists` when there is a run and neither `resume` nor
 * `overwrite` was given, with `ForeignDirectory` when there is anything else, and with `ConfigMismatch`, naming
 * the keys, when `resume` comes with another configuration.
 */
export const open = Effect.fn("RunDirectory.open")(function* (path: string, options: OpenOptions) {
  const fs = yield* FileSystem.FileSystem
  const inexact = inexactKey(options.config)
  if (inexact !== undefined) return yield* new UnfitJson({ what: "The configuration", ...inexact })
  yield* fs.makeDirectory(path, { recursive: true }).pipe(Effect.mapError(writeFailed(path, 0)))
  const entries = yield* removeStale(path).pipe(Effect.mapError(readFailed(path)))
  const found = yield* readDescription(path)
  if (found === undefined && entries.length > 0) return yield* new ForeignDirectory({ path, entries })
  const finished = entries.includes(finishedName)
  if (found !== undefined && options.overwrite !== true) {
    if (options.resume !== true) return yield* new RunExists({ path, finished })
    yield* checkDescription(path, found, options)
    return { path, resumed: true, finished } satisfies RunDirectory
  }
  if (found !== undefined) yield* clear(path, entries)
  const description = {
    rewardflow: format,
    createdAt: new Date(yield* Clock.currentTimeMillis).toISOString(),
    environment: options.environment ?? {},
    hashes: options.hashes ?? {},
    config: options.config
  }
  yield* writeAtomic(path, configName, text(stringify(description, { aliasDuplicateObjects: false })))
  return { path, resumed: false, finished: false } satisfies RunDirectory
})

const encode = (name: string, content: Uint8Array | Json | object): Effect.Effect<Uint8Array, UnfitJson> => {
  if (content instanceof Uint8Array) return Effect.succeed(content)
  if (typeof content === "string") return Effect.succeed(text(content))
  const inexact = inexactKey(content)
  if (inexact !== undefined) return Effect.fail(new UnfitJson({ what: name, ...inexact }))
  return Effect.succeed(text(`${JSON.stringify(content, null, 2)}\n`))
}

/**
 * Writes a file of the run in one piece; returns its path. Bytes and strings are written as they are, any other
 * JSON value as indented JSON. `name` may lie in a folder: `figures/curve.svg`.
 */
export const writeArtifact = Effect.fn("RunDirectory.writeArtifact")(function* (
  directory: RunDirectory,
  name: string,
  content: Uint8Array | Json | object
) {
  const fs = yield* FileSystem.FileSystem
  const cut = name.lastIndexOf("/")
  const folder = cut < 0 ? directory.path : `${directory.path}/${name.slice(0, cut)}`
  const bytes = yield* encode(name, content)
  yield* fs.makeDirectory(folder, { recursive: true }).pipe(Effect.mapError(writeFailed(folder, bytes.length)))
  yield* writeAtomic(folder, name.slice(cut + 1), bytes)
  return `${directory.path}/${name}`
})

/** A file of the run, or none where it was not written yet. */
export const readArtifact = (
  directory: RunDirectory,
  name: string
): Effect.Effect<Option.Option<Uint8Array>, ReadFailed, FileSystem.FileSystem> => readBytes(`${directory.path}/${name}`)

/**
 * The value of a computation that is done once in a run: read from the artifact `name` where an earlier session
 * wrote it, else computed and written. Fit for evaluations between stages. The value must survive JSON.
 */
export const once = <A extends Json | object, E, R>(
  directory: RunDirectory,
  name: string,
  compute: Effect.Effect<A, E, R>
): Effect.Effect<A, E | CorruptRun | ReadFailed | WriteFailed | UnfitJson, R | FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const found = yield* readArtifact(directory, name)
    if (Option.isSome(found)) {
      return yield* Effect.try({
        // Written below from an A, and known to survive JSON.
        try: () => JSON.parse(new TextDecoder().decode(found.value)) as A,
        catch: () => new CorruptRun({ path: `${directory.path}/${name}`, reason: "not JSON" })
      })
    }
    const value = yield* compute
    yield* writeArtifact(directory, name, typeof value === "string" ? JSON.stringify(value) : value)
    return value
  })

/** Marks the run as finished, with a summary: from now on it is not overwritten without being asked to. */
export const finish = Effect.fn("RunDirectory.finish")(function* (directory: RunDirectory, summary: Json = null) {
  const finishedAt = new Date(yield* Clock.currentTimeMillis).toISOString()
  yield* writeArtifact(directory, finishedName, { finishedAt, summary })
  yield* syncDirectory(directory.path)
})
