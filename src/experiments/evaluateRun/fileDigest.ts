import { createHash } from "node:crypto"
import { Effect, FileSystem, Stream } from "effect"
import { ResultsFailed } from "./ChunkedFile.ts"

/** Bytes that are read at once. */
const CHUNK = 2 ** 20

/** SHA-256 of a file's content: a file that was changed in its place is another input. */
export const fileDigest = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  const hash = createHash("sha256")
  yield* Stream.runForEach(fs.stream(file, { chunkSize: CHUNK }), (bytes) =>
    Effect.sync(() => void hash.update(bytes))
  ).pipe(Effect.mapError(({ message: reason }) => new ResultsFailed({ file, reason })))
  return hash.digest("hex")
})
