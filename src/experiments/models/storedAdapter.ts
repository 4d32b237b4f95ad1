import { Effect, FileSystem, Result, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import type { AdapterFiles } from "../../core/adapter/index.ts"
import { BadModelFolder } from "./errors.ts"

/** An adapter's folder in PEFT's layout, as it lies there. */
export interface FolderAdapter {
  readonly folder: string
  readonly files: AdapterFiles
  /** The base that it names, for `findModel`. */
  readonly base: string
}

const Named = Schema.fromJsonString(
  Schema.Struct({
    base_model_name_or_path: Schema.NonEmptyString,
    revision: Schema.optionalKey(Schema.NullOr(Schema.String))
  })
)

/** The adapter of a folder, undefined where it holds a model. */
export const storedAdapter = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const file = (name: string) => `${folder}/${name}`
  const bad = (name: string) => (error: PlatformError) =>
    new BadModelFolder({
      file: file(name),
      reason: error.reason._tag === "NotFound" ? "there is no such file" : error.message,
      fix: "An adapter is both adapter_config.json and adapter_model.safetensors: fetch it again, or save it again with peft"
    })
  const [description, weights] = ["adapter_config.json", "adapter_model.safetensors"] as const
  if (yield* fs.exists(file("config.json")).pipe(Effect.mapError(bad("config.json")))) return undefined
  if (!(yield* fs.exists(file(description)).pipe(Effect.mapError(bad(description))))) return undefined
  const config = yield* fs.readFileString(file(description)).pipe(Effect.mapError(bad(description)))
  const tensors = yield* fs.readFile(file(weights)).pipe(Effect.mapError(bad(weights)))
  const named = Schema.decodeUnknownResult(Named)(config)
  if (Result.isFailure(named))
    return yield* new BadModelFolder({
      file: file(description),
      reason: `it does not say the base that it lies on (base_model_name_or_path): ${named.failure.message}`,
      fix: "Name there the folder or the repository of the model that it was trained over"
    })
  const { base_model_name_or_path: name, revision } = named.success
  const base = revision == null ? name : `hf://${name}@${encodeURIComponent(revision)}`
  return { folder, files: { config, tensors }, base } satisfies FolderAdapter
})
