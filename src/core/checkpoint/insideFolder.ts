import { Effect, FileSystem } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { CheckpointRejected } from "./errors.ts"

/** Turns a failure to read a file into `missing` where it is not there, `storage` else. */
export const unreadable =
  (file: string, fix?: string) =>
  (cause: PlatformError): CheckpointRejected =>
    cause.reason._tag === "NotFound"
      ? new CheckpointRejected({
          kind: "missing",
          file,
          reason: "there is no such file",
          cause,
          ...(fix === undefined ? {} : { fix })
        })
      : new CheckpointRejected({ kind: "storage", file, reason: cause.message, cause })

const slashes = (path: string): string => path.replaceAll("\\", "/")

/** Where a real path may lie: in the folder, and in the blobs that a snapshot of a hub's cache links to. */
const homesOf = (folder: string): ReadonlyArray<string> => {
  const snapshot = /^(.*)\/snapshots\/[^/]+$/.exec(folder)
  return [`${folder}/`, ...(snapshot === null ? [] : [`${snapshot[1]}/blobs/`])]
}

/**
 * The path of a file of a model folder, with links resolved. A link may lead within the folder, or from a snapshot of
 * a hub's cache to its blobs; one that leads elsewhere is refused, since folders are copied from strangers. So is
 * whatever is no regular file.
 */
export const insideFolder = Effect.fnUntraced(function* (folder: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const file = `${folder}/${name}`
  const home = yield* fs.realPath(folder).pipe(Effect.mapError(unreadable(folder)))
  const real = yield* fs.realPath(file).pipe(Effect.mapError(unreadable(file)))
  if (!homesOf(slashes(home)).some((within) => slashes(real).startsWith(within))) {
    return yield* new CheckpointRejected({
      kind: "unsafe",
      file,
      reason: `it is a link to ${real}, outside its folder`
    })
  }
  const { type } = yield* fs.stat(real).pipe(Effect.mapError(unreadable(file)))
  if (type !== "File") {
    return yield* new CheckpointRejected({ kind: "malformed", file, reason: `it is no file but a ${type}` })
  }
  return real
})
