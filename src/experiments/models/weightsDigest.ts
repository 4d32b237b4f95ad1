import { createHash } from "node:crypto"
import { Effect, FileSystem, Stream } from "effect"
import { BadModelFolder } from "./errors.ts"

/** Tensors beside the weights, which do not decide what a model says. */
const MOMENTS = "optimizer.safetensors"

/** Bytes that are read at once. */
const CHUNK = 2 ** 22

/**
 * SHA-256 over the names and contents of a folder's files of weights (`*.safetensors`, but for an optimiser's), in the
 * order of their names: what tells two checkpoints apart that lay at one path.
 */
export const weightsDigest = Effect.fnUntraced(
  function* (folder: string) {
    const fs = yield* FileSystem.FileSystem
    const hash = createHash("sha256")
    const names = (yield* fs.readDirectory(folder)).filter((name) => name.endsWith(".safetensors") && name !== MOMENTS)
    for (const name of names.sort()) {
      hash.update(`${name}\n`)
      yield* Stream.runForEach(fs.stream(`${folder}/${name}`, { chunkSize: CHUNK }), (bytes) =>
        Effect.sync(() => void hash.update(bytes))
      )
    }
    return hash.digest("hex")
  },
  (effect, folder) =>
    Effect.mapError(
      effect,
      ({ message }) => new BadModelFolder({ file: folder, reason: message, fix: "Check its rights" })
    )
)

/** One digest of weights that lie in several folders, e.g. of an adapter and its base. */
export const combinedDigest = (digests: ReadonlyArray<string>): string =>
  digests.length === 1 ? digests[0]! : createHash("sha256").update(digests.join("\n")).digest("hex")
