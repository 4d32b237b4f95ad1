import { Result, Schema } from "effect"
import { CheckpointRejected } from "./errors.ts"

/** Names of the files that hold weights. */
export const singleName = "model.safetensors"
export const indexName = "model.safetensors.index.json"

/** Name of one of several files, numbered from 0. */
export const shardName = (index: number, count: number): string => {
  const digits = (n: number) => String(n).padStart(5, "0")
  return `model-${digits(index + 1)}-of-${digits(count)}.safetensors`
}

/** Which file holds which tensor: `model.safetensors.index.json`. */
export interface ShardIndex {
  /** Name of the file, by the tensor's. */
  readonly weightMap: Readonly<Record<string, string>>
  /** The files, each once, sorted. */
  readonly files: ReadonlyArray<string>
}

const Json = Schema.Struct({ weight_map: Schema.Record(Schema.String, Schema.String) })

/** A name that can lead nowhere but to a file of the folder itself, on any system. */
const isPlainName = (name: string): boolean => /^[\w][\w .+-]*\.safetensors$/u.test(name)

/**
 * Reads a parsed index. Each file must have a plain name: an index is fetched with the model, and a name such as
 * `../x` or `/x` would let it point at any file of this machine.
 *
 * @param file the index itself, for messages
 */
export const fromJson = (json: unknown, file: string): Result.Result<ShardIndex, CheckpointRejected> => {
  const decoded = Schema.decodeUnknownResult(Json)(json)
  if (Result.isFailure(decoded)) {
    const reason = `is no index of shards: ${decoded.failure.message}`
    return Result.fail(new CheckpointRejected({ kind: "malformed", file, reason }))
  }
  const weightMap = decoded.success.weight_map
  const files = [...new Set(Object.values(weightMap))].sort()
  const stray = files.find((name) => !isPlainName(name))
  if (stray !== undefined) {
    const reason = `it names the file ${JSON.stringify(stray)}, which is no plain name ending in .safetensors`
    return Result.fail(new CheckpointRejected({ kind: "unsafe", file, reason }))
  }
  if (files.length === 0)
    return Result.fail(new CheckpointRejected({ kind: "malformed", file, reason: "it names no file" }))
  return Result.succeed({ weightMap, files })
}

/** What to write as the index. @param bytes of all tensors, without headers */
export const toJson = (
  weightMap: Readonly<Record<string, string>>,
  bytes: number
): Readonly<Record<string, unknown>> => ({
  metadata: { total_size: bytes },
  weight_map: Object.fromEntries(Object.entries(weightMap).sort(([a], [b]) => (a < b ? -1 : 1)))
})
