import { Effect, FileSystem, Option, type PlatformError, Schema } from "effect"
import type { Repo } from "../../core/data/index.ts"

/** A file of a commit: its size, and the names of its content. */
export interface TreeEntry {
  readonly path: string
  readonly bytes: number
  /** Of a small file, or of the pointer to a large one: sha1 of `blob <size>\0` and the content. */
  readonly gitSha1: string
  /** Of a large file. */
  readonly sha256: string | undefined
}

/** The name of a file's content in `blobs/`. */
export const blobName = ({ sha256, gitSha1 }: TreeEntry): string => sha256 ?? gitSha1

const hex = (length: number) => Schema.String.check(Schema.isPattern(new RegExp(`^[0-9a-f]{${length}}$`)))
const Bytes = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** `trees/<commit>.json`: what a commit holds, which never changes. */
const Tree = Schema.fromJsonString(
  Schema.Struct({
    format_version: Schema.Literal(1),
    files: Schema.Record(
      Schema.String,
      Schema.Struct({
        size: Bytes,
        blob_id: hex(40),
        lfs_sha256: Schema.optionalKey(Schema.NullOr(hex(64))),
        lfs_size: Schema.optionalKey(Schema.NullOr(Bytes))
      })
    )
  })
)

/** The folder of a repository in the cache. */
export const repoFolder = (cache: string, { kind, id }: Repo): string =>
  `${cache}/${kind}s--${id.replaceAll("/", "--")}`

/** A file of a snapshot: a link to its blob. */
export const pointer = (folder: string, commit: string, path: string): string => `${folder}/snapshots/${commit}/${path}`

/** Whether a path stays within the folder that it is relative to, on every system. */
export const isInside = (path: string): boolean =>
  !/[\\:\0]/.test(path) && path.split("/").every((part) => part !== "" && part !== "." && part !== "..")

type InCache<A> = Effect.Effect<A, PlatformError.PlatformError, FileSystem.FileSystem>

/** The folder that a path lies in. */
export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf("/"))

let writes = 0

/** Writes a file whole or not at all: under another name first. */
const writeWhole = (path: string, text: string): InCache<void> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    yield* fs.makeDirectory(parentOf(path), { recursive: true })
    const temporary = `${path}.${process.pid}-${writes++}.tmp`
    yield* fs.writeFileString(temporary, text)
    yield* fs.rename(temporary, path)
  })

const textOf = (path: string) => Effect.flatMap(FileSystem.FileSystem, (fs) => Effect.option(fs.readFileString(path)))

/** The commit that a branch or tag meant when the hub was last asked. */
export const readRef = (
  folder: string,
  revision: string
): Effect.Effect<string | undefined, never, FileSystem.FileSystem> =>
  Effect.map(textOf(`${folder}/refs/${revision}`), (text) => {
    const commit = Option.getOrElse(text, () => "").trim()
    return /^[0-9a-f]{40}$/.test(commit) ? commit : undefined
  })

export const writeRef = (folder: string, revision: string, commit: string): InCache<void> =>
  writeWhole(`${folder}/refs/${revision}`, commit)

/** What a commit holds, where it was asked before; a file that is damaged or of another version counts as none. */
export const readTree = (
  folder: string,
  commit: string
): Effect.Effect<ReadonlyArray<TreeEntry> | undefined, never, FileSystem.FileSystem> =>
  Effect.map(textOf(`${folder}/trees/${commit}.json`), (text) => {
    const tree = Option.flatMap(text, Schema.decodeUnknownOption(Tree))
    if (Option.isNone(tree)) return undefined
    return Object.entries(tree.value.files).map(([path, file]): TreeEntry => {
      const sha256 = file.lfs_sha256 ?? undefined
      return { path, bytes: file.lfs_size ?? file.size, gitSha1: file.blob_id, sha256 }
    })
  })

export const writeTree = (folder: string, commit: string, entries: ReadonlyArray<TreeEntry>): InCache<void> => {
  const files = entries.map(({ path, bytes, gitSha1, sha256 }) => {
    const large = sha256 === undefined ? {} : { lfs_sha256: sha256, lfs_size: bytes }
    return [path, { size: bytes, blob_id: gitSha1, ...large }] as const
  })
  return writeWhole(
    `${folder}/trees/${commit}.json`,
    JSON.stringify({ format_version: 1, files: Object.fromEntries(files) }, null, 1)
  )
}

/** Files of a snapshot that are in the cache. */
export const cachedFiles = (folder: string, commit: string): InCache<ReadonlyArray<{ path: string; bytes: number }>> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const home = `${folder}/snapshots/${commit}`
    if (!(yield* fs.exists(home))) return []
    const paths = yield* fs.readDirectory(home, { recursive: true })
    const found = yield* Effect.forEach(paths, (path) =>
      Effect.map(Effect.option(fs.stat(`${home}/${path}`)), (info) =>
        Option.isSome(info) && info.value.type === "File" ? [{ path, bytes: Number(info.value.size) }] : []
      )
    )
    return found.flat()
  })

/** Makes a blob appear under its path: by a relative link, or, where links cannot be made, by a copy. */
export const point = (folder: string, commit: string, path: string, blob: string): InCache<void> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const at = pointer(folder, commit, path)
    if (yield* fs.exists(at)) return
    yield* fs.makeDirectory(parentOf(at), { recursive: true })
    // A link to a blob that was gone.
    yield* Effect.ignore(fs.remove(at))
    const up = "../".repeat(path.split("/").length + 1)
    yield* fs.symlink(`${up}blobs/${blob}`, at).pipe(
      Effect.catch(() =>
        // Another process may have made it meanwhile.
        Effect.flatMap(fs.exists(at), (there) => (there ? Effect.void : fs.copyFile(`${folder}/blobs/${blob}`, at)))
      )
    )
  })
