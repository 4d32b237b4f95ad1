import { Effect, FileSystem, Option, Result } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { ReadFailed, systemCode, WriteFailed } from "./errors.ts"

/** Prefix of names that are not yet part of a run; what a killed process left under it is removed on open. */
export const temporaryPrefix = ".tmp-"

/** Turns a platform error of a write into `WriteFailed`. */
export const writeFailed =
  (path: string, neededBytes: number) =>
  (cause: PlatformError): WriteFailed =>
    new WriteFailed({ path, code: systemCode(cause), neededBytes, cause })

/** Turns a platform error of a read into `ReadFailed`. */
export const readFailed =
  (path: string) =>
  (cause: PlatformError): ReadFailed =>
    new ReadFailed({ path, code: systemCode(cause), cause })

/** Makes renames in a directory durable. Systems that cannot open a directory (Windows) order renames themselves. */
export const syncDirectory = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  yield* fs.open(path, { flag: "r" }).pipe(
    Effect.flatMap((directory) => directory.sync),
    Effect.scoped,
    Effect.ignore
  )
})

/** Writes one file and waits until it is on the disk. */
export const writeSynced = Effect.fnUntraced(function* (path: string, bytes: Uint8Array) {
  const fs = yield* FileSystem.FileSystem
  yield* Effect.scoped(
    Effect.gen(function* () {
      const file = yield* fs.open(path, { flag: "w" })
      yield* file.writeAll(bytes)
      yield* file.sync
    })
  )
})

/**
 * Writes `folder/name` so that a reader, now or after a crash, sees the old content or the new one, never a part:
 * a temporary name in the same folder, flushed, then renamed.
 */
export const writeAtomic = Effect.fnUntraced(function* (folder: string, name: string, bytes: Uint8Array) {
  const fs = yield* FileSystem.FileSystem
  const temporary = `${folder}/${temporaryPrefix}${name}`
  yield* writeSynced(temporary, bytes).pipe(
    Effect.andThen(fs.rename(temporary, `${folder}/${name}`)),
    Effect.mapError(writeFailed(`${folder}/${name}`, bytes.length)),
    Effect.onError(() => Effect.ignore(fs.remove(temporary, { force: true })))
  )
  yield* syncDirectory(folder)
})

/** The bytes of a file, or none where there is no such file. Reads in pieces: files may be larger than one read can be. */
export const readBytes = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  const content = Effect.scoped(
    Effect.gen(function* () {
      const file = yield* fs.open(path, { flag: "r" })
      const bytes = new Uint8Array(Number((yield* file.stat).size))
      let filled = 0
      while (filled < bytes.length) {
        const count = Number(yield* file.read(bytes.subarray(filled, filled + 2 ** 28)))
        if (count === 0) return bytes.subarray(0, filled)
        filled += count
      }
      return bytes
    })
  )
  const result = yield* Effect.result(content)
  if (Result.isSuccess(result)) return Option.some(result.success)
  if (systemCode(result.failure) === "ENOENT" || result.failure.reason._tag === "NotFound")
    return Option.none<Uint8Array>()
  return yield* readFailed(path)(result.failure)
})

/** SHA-256 of bytes, as lower-case hex. */
export const sha256 = (bytes: Uint8Array): Effect.Effect<string> =>
  Effect.promise(() => globalThis.crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)).pipe(
    Effect.map((digest) => Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join(""))
  )
