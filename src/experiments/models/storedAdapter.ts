import { Effect, FileSystem, Result, Schema } from "effect"
import type { PlatformError } from "effect/PlatformError"
import type { AdapterFiles } from "../../core/adapter/index.ts"
import { insideFolder } from "../../core/checkpoint/index.ts"
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

const lacking = (file: string) =>
  new BadModelFolder({
    file,
    reason: "there is no such file",
    fix: "An adapter is both adapter_config.json and adapter_model.safetensors: fetch it again, or save it again with peft"
  })

/** The adapter of a folder, undefined where it holds a model. */
export const storedAdapter = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const file = (name: string) => `${folder}/${name}`
  const bad = (name: string) => (error: PlatformError) =>
    new BadModelFolder({ file: file(name), reason: error.message, fix: "Check the folder's rights" })
  const [description, weights] = ["adapter_config.json", "adapter_model.safetensors"] as const
  if (yield* fs.exists(file("config.json")).pipe(Effect.mapError(bad("config.json")))) return undefined
  if (!(yield* fs.exists(file(description)).pipe(Effect.mapError(bad(description))))) return undefined
  const inside = (name: string) =>
    insideFolder(folder, name).pipe(
      Effect.catchIf(
        ({ kind }) => kind === "missing",
        () => Effect.fail(lacking(file(name)))
      )
    )
  const config = yield* fs.readFileString(yield* inside(description)).pipe(Effect.mapError(bad(description)))
  const tensors = yield* fs.readFile(yield* inside(weights)).pipe(Effect.mapError(bad(weights)))
  const named = Schema.decodeUnknownResult(Named)(config)
  if (Result.isFailure(named))
    return yield* new BadModelFolder({
      file: file(description),
      reason: `it does not say the base that it lies on (base_model_name_or_path): ${named.failure.message}`,
      fix: "Name there the folder or the repository of the model that it was trained over"
    })
  const { base_model_name_or_path: name, revision } = named.success
  const base = revision == null ? name : `hf://${name}@${encodeURIComponent(revision)}`
  return { folder, files: { config, tensors, from: folder }, base } satisfies FolderAdapter
})
