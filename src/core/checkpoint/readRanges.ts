import { Effect, FileSystem, Result, type Scope } from "effect"
import { Safetensors, type SafetensorsRejected } from "../model/index.ts"
import type { Tensor } from "../tensor/index.ts"
import { CheckpointRejected } from "./errors.ts"
import { unreadable } from "./insideFolder.ts"

/** Bytes that one system call may read. */
const PIECE = 2 ** 28

/** A safetensors file that is open: its table of contents, and each tensor on demand. */
export interface Ranges {
  readonly header: Safetensors.Header
  /** One tensor; nothing else of the file is read. */
  readonly tensor: (name: string) => Effect.Effect<Tensor, CheckpointRejected>
}

const rejected =
  (file: string) =>
  ({ kind, tensor, reason }: SafetensorsRejected): CheckpointRejected => {
    const where = tensor === undefined ? "" : `tensor "${tensor}": `
    return new CheckpointRejected({ kind, file, reason: `${where}${reason.replace(/\.$/, "")}` })
  }

/** Opens a safetensors file and reads its header. @param path as it is opened   @param file as messages name it */
export const readRanges = (
  path: string,
  file: string
): Effect.Effect<Ranges, CheckpointRejected, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const open = yield* fs.open(path, { flag: "r" }).pipe(Effect.mapError(unreadable(file)))
    const size = Number((yield* open.stat.pipe(Effect.mapError(unreadable(file)))).size)
    const checked = <A>(value: Result.Result<A, SafetensorsRejected>) =>
      Effect.fromResult(Result.mapError(value, rejected(file)))

    /** Bytes of the file; what is allocated has been found to lie in it before. */
    const read = Effect.fnUntraced(function* (from: number, to: number) {
      const bytes = new Uint8Array(to - from)
      for (let filled = 0; filled < bytes.length; ) {
        const count = yield* open
          .read(bytes.subarray(filled, filled + PIECE), { position: BigInt(from + filled) })
          .pipe(Effect.mapError(unreadable(file)))
        if (count === 0) {
          const reason = `it ended at byte ${from + filled} while it was read; it had ${size}`
          return yield* new CheckpointRejected({ kind: "malformed", file, reason })
        }
        filled += count
      }
      return bytes
    })

    const length = yield* checked(Safetensors.headerLength(yield* read(0, Math.min(8, size))))
    const header = yield* checked(Safetensors.parseHeader(yield* read(0, Math.min(length, size)), size))
    const tensor = (name: string) =>
      Effect.gen(function* () {
        const entry = Object.hasOwn(header.entries, name) ? header.entries[name] : undefined
        if (entry === undefined) {
          const reason = `it does not hold the tensor ${name}, though the index says so`
          return yield* new CheckpointRejected({ kind: "mismatch", file, reason })
        }
        return yield* checked(Safetensors.adopt(name, entry, (yield* read(entry.begin, entry.end)).buffer))
      })
    return { header, tensor }
  })
