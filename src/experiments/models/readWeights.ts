import { Effect, FileSystem, type Result, Schema } from "effect"
import type { Params } from "../../core/learner/index.ts"
import { Safetensors, type SafetensorsRejected } from "../../core/model/index.ts"
import type { Tensor } from "../../core/tensor/index.ts"
import { BadModelFolder } from "./errors.ts"

const SINGLE = "model.safetensors"
const INDEX = "model.safetensors.index.json"
const Index = Schema.fromJsonString(Schema.Struct({ weight_map: Schema.Record(Schema.String, Schema.String) }))

/** Bytes that one system call may read. */
const PIECE = 2 ** 28

const readAt = Effect.fnUntraced(function* (file: FileSystem.File, offset: number, length: number) {
  yield* file.seek(BigInt(offset), "start")
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const count = Number(yield* file.read(bytes.subarray(filled, filled + PIECE)))
    if (count === 0) break
    filled += count
  }
  return bytes.subarray(0, filled)
})

const orRejected = <A>(checked: Result.Result<A, SafetensorsRejected>) => Effect.fromResult(checked)

/** The wanted tensors of one file, read one by one, so that no more than they are is held. */
const readFile = (path: string, wanted: ReadonlySet<string>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const file = yield* fs.open(path, { flag: "r" })
      const size = Number((yield* file.stat).size)
      const length = yield* orRejected(Safetensors.headerLength(yield* readAt(file, 0, Math.min(8, size))))
      const header = yield* readAt(file, 0, Math.min(length, size))
      const { entries } = yield* orRejected(Safetensors.parseHeader(header, size))
      const found: Array<readonly [string, Tensor]> = []
      for (const [name, entry] of Object.entries(entries)) {
        if (!wanted.has(name)) continue
        const bytes = yield* readAt(file, entry.begin, entry.end - entry.begin)
        found.push([name, yield* orRejected(Safetensors.tensorOf(name, entry, bytes))])
      }
      return found
    })
  ).pipe(Effect.mapError((error) => new BadModelFolder({ file: path, reason: error.message })))

/**
 * The wanted tensors of a model folder, from `model.safetensors` or the shards that its index names; those that it does
 * not hold are absent from the result, and others are not read.
 */
export const readWeights = Effect.fnUntraced(function* (folder: string, wanted: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const index = `${folder}/${INDEX}`
  const sharded = yield* fs.exists(index).pipe(Effect.orElseSucceed(() => false))
  const { weight_map } = sharded
    ? yield* fs.readFileString(index).pipe(
        Effect.flatMap(Schema.decodeUnknownEffect(Index)),
        Effect.mapError((error) => new BadModelFolder({ file: index, reason: error.message }))
      )
    : { weight_map: undefined }
  const files =
    weight_map === undefined ? [SINGLE] : [...new Set(wanted.flatMap((name) => weight_map[name] ?? []))].sort()
  const names = new Set(wanted)
  const parts = yield* Effect.forEach(files, (name) => readFile(`${folder}/${name}`, names))
  const params: Params = Object.fromEntries(parts.flat())
  return params
})
