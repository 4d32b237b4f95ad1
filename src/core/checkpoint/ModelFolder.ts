import { Effect, FileSystem, type Scope } from "effect"
import { type Head, type ModelConfig, ModelConfigs } from "../model/index.ts"
import { Shapes } from "../tensor/index.ts"
import { type Choice, chooseTensors, type Stored } from "./chooseTensors.ts"
import { CheckpointRejected } from "./errors.ts"
import * as GenerationConfigs from "./GenerationConfig.ts"
import { insideFolder, unreadable } from "./insideFolder.ts"
import { type Ranges, readRanges } from "./readRanges.ts"
import * as ShardIndexes from "./ShardIndex.ts"

/** A model in the ecosystem's layout, with its tables of contents read and nothing else: no weight is in memory. */
export interface ModelFolder {
  readonly folder: string
  readonly config: ModelConfig
  readonly generation: GenerationConfigs.GenerationConfig
  /** What its weight files hold, by tensor; `file` is a name within the folder. */
  readonly stored: Readonly<Record<string, Stored & { readonly bytes: number }>>
}

const parse = Effect.fnUntraced(function* (folder: string, name: string, fix?: string) {
  const fs = yield* FileSystem.FileSystem
  const file = `${folder}/${name}`
  const path = yield* insideFolder(folder, name).pipe(
    Effect.mapError((error) =>
      error.kind === "missing" && fix !== undefined ? new CheckpointRejected({ ...error, fix }) : error
    )
  )
  const text = yield* fs.readFileString(path).pipe(Effect.mapError(unreadable(file)))
  return yield* Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) => new CheckpointRejected({ kind: "malformed", file, reason: `is no JSON: ${String(cause)}`, cause })
  })
})

const exists = Effect.fnUntraced(function* (path: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.exists(path).pipe(Effect.orElseSucceed(() => false))
})

const readConfig = Effect.fnUntraced(function* (folder: string) {
  const json = yield* parse(folder, "config.json", "Give the folder of a model: the one that holds its config.json")
  return yield* Effect.fromResult(ModelConfigs.fromJson(json)).pipe(
    Effect.mapError(({ kind, key, reason }) => {
      const said = `${key}: ${reason.replace(/\.$/, "")}`
      return new CheckpointRejected({ kind, file: `${folder}/config.json`, reason: said })
    })
  )
})

const readGeneration = Effect.fnUntraced(function* (folder: string) {
  const name = "generation_config.json"
  if (!(yield* exists(`${folder}/${name}`))) return GenerationConfigs.none
  return yield* Effect.fromResult(GenerationConfigs.fromJson(yield* parse(folder, name), `${folder}/${name}`))
})

/** Opens a weight file of a folder. */
const openWeights = (
  folder: string,
  name: string
): Effect.Effect<Ranges, CheckpointRejected, FileSystem.FileSystem | Scope.Scope> =>
  Effect.flatMap(insideFolder(folder, name), (path) => readRanges(path, `${folder}/${name}`))

const contentsOf = Effect.fnUntraced(function* (folder: string, name: string) {
  const { header } = yield* Effect.scoped(openWeights(folder, name))
  return Object.entries(header.entries).map(
    ([tensor, { dtype, shape, begin, end }]) => [tensor, { file: name, dtype, shape, bytes: end - begin }] as const
  )
})

/** The files that hold the weights, and which tensor each is to hold where an index says it. */
const weightFiles = Effect.fnUntraced(function* (folder: string) {
  const { singleName, indexName } = ShardIndexes
  if (yield* exists(`${folder}/${singleName}`)) return { files: [singleName], weightMap: undefined }
  if (yield* exists(`${folder}/${indexName}`)) {
    const json = yield* parse(folder, indexName)
    return yield* Effect.fromResult(ShardIndexes.fromJson(json, `${folder}/${indexName}`))
  }
  const pickled = ["pytorch_model.bin", "pytorch_model.bin.index.json"]
  const old = (yield* Effect.forEach(pickled, (name) => exists(`${folder}/${name}`))).includes(true)
  const fix = old
    ? { fix: "Its weights are pickled: load and save it once with transformers, which writes safetensors" }
    : {}
  return yield* new CheckpointRejected({
    kind: "missing",
    file: `${folder}/${singleName}`,
    reason: `there is neither this file nor ${indexName}`,
    ...fix
  })
})

/**
 * Opens a model folder: `config.json`, `generation_config.json` where there is one, and the headers of
 * `model.safetensors` or of the shards that its index names. Index and shards must tell the same.
 */
export const open = Effect.fn("ModelFolder.open")(function* (folder: string) {
  const config = yield* readConfig(folder)
  const generation = yield* readGeneration(folder)
  const { files, weightMap } = yield* weightFiles(folder)
  const entries = (yield* Effect.forEach(files, (name) => contentsOf(folder, name))).flat()
  const mismatch = (file: string, reason: string) =>
    new CheckpointRejected({ kind: "mismatch", file: `${folder}/${file}`, reason })
  const seen = new Map<string, string>()
  for (const [name, { file }] of entries) {
    const twice = seen.get(name)
    if (twice !== undefined) return yield* mismatch(file, `it holds ${name}, and so does ${twice}`)
    seen.set(name, file)
  }
  for (const [name, file] of Object.entries(weightMap ?? {})) {
    if (seen.get(name) !== file) return yield* mismatch(file, `it does not hold ${name}, though the index says so`)
  }
  const model: ModelFolder = { folder, config, generation, stored: Object.fromEntries(entries) }
  return model
})

/** The tensors that make up the decoder with that head; see `chooseTensors`. */
export const choose = (model: ModelFolder, head: Head): Effect.Effect<Choice, CheckpointRejected> => {
  const at = (error: CheckpointRejected) =>
    error.file === model.folder ? error : new CheckpointRejected({ ...error, file: `${model.folder}/${error.file}` })
  return Effect.fromResult(chooseTensors(model.folder, model.config, head, model.stored)).pipe(Effect.mapError(at))
}

/** What loading takes, known before a weight is read. */
export interface Needs {
  readonly tensors: number
  /** In the files. */
  readonly storedBytes: number
  /** In memory, as 32-bit floats. */
  readonly heldBytes: number
  /** Beside them while the largest tensor is read, widened and handed over. */
  readonly transientBytes: number
}

/** The memory that a choice of tensors takes when they are loaded one by one. */
export const needs = (model: ModelFolder, { loaded }: Choice): Needs => {
  const parts = loaded.map((name) => {
    const { bytes, shape, dtype } = model.stored[name]!
    const held = 4 * Shapes.size(shape)
    return { bytes, held, transient: dtype === "F32" ? held : held + bytes }
  })
  const total = (of: (part: (typeof parts)[number]) => number) => parts.reduce((sum, part) => sum + of(part), 0)
  return {
    tensors: parts.length,
    storedBytes: total(({ bytes }) => bytes),
    heldBytes: total(({ held }) => held),
    transientBytes: Math.max(0, ...parts.map(({ transient }) => transient))
  }
}

/** The weight files that hold any of these tensors, each with those it holds, in the order of the files. */
export const byFile = (
  model: ModelFolder,
  names: ReadonlyArray<string>
): ReadonlyArray<readonly [file: string, names: ReadonlyArray<string>]> => {
  const files = [...new Set(names.map((name) => model.stored[name]!.file))].sort()
  return files.map((file) => [file, names.filter((name) => model.stored[name]!.file === file)])
}

/** Opens one weight file of an opened folder. */
export const ranges = (model: ModelFolder, file: string) => openWeights(model.folder, file)
