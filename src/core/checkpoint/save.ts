import { Effect, FileSystem } from "effect"
import type { PlatformError } from "effect/PlatformError"
import { type Head, type ModelConfig, ModelConfigs, parameterSpecs, Safetensors } from "../model/index.ts"
import { paramName } from "../optim/index.ts"
import type { BackendFailure, BadFeed, Memory } from "../service/index.ts"
import { type Shape, Shapes, type Tensor, Tensors } from "../tensor/index.ts"
import { CheckpointRejected } from "./errors.ts"
import * as ShardIndexes from "./ShardIndex.ts"

/** Heads that a class of the ecosystem exists for. */
export type SavedHead = Exclude<Head, "none">

/** A model to be written: what it is, and how to come by its parameters one at a time. */
export interface Source<E> {
  readonly config: ModelConfig
  readonly head: SavedHead
  readonly parameter: (name: string) => Effect.Effect<Tensor, E>
  /** What there is to write, with shapes; by default the parameters of the decoder with that head. */
  readonly parameters?: Readonly<Record<string, { readonly shape: Shape }>>
  /** Texts to be written beside it, by file name: `generation_config.json`, `tokenizer.json`, `chat_template.jinja`. */
  readonly texts?: Readonly<Record<string, string>>
}

/** The parameters of a backend's memory, as they are there now. */
export const fromMemory =
  (memory: Memory, scope = ""): Source<BackendFailure | BadFeed>["parameter"] =>
  (name) =>
    Effect.map(memory.read([paramName(name, scope)]), (found) => found[paramName(name, scope)]!)

export interface SaveOptions {
  /** How weights are stored. Default F32. */
  readonly format?: Safetensors.FloatFormat
  /** Largest file of weights, in bytes of tensors; a single tensor may be larger. Default 5·10⁹. */
  readonly shardBytes?: number
}

/** The class that a reward model is saved for has a bias, which is 0 here. */
const scoreBias = "score.bias"

const torchNames = { F32: "float32", F16: "float16", BF16: "bfloat16" } as const
const suffixes = { language: "ForCausalLM", reward: "ForTokenClassification" } as const

const configJson = (config: ModelConfig, head: SavedHead, format: Safetensors.FloatFormat) => ({
  ...ModelConfigs.toJson(config, suffixes[head]),
  torch_dtype: torchNames[format],
  // Loaders count the labels to size the head: its one output is the reward.
  ...(head === "reward" ? { id2label: { 0: "reward" }, label2id: { reward: 0 } } : {})
})

/** Tensors in files of at most that many bytes, in their order. */
const partition = (planned: ReadonlyArray<Safetensors.Planned>, width: number, limit: number) => {
  const shards: Array<Array<Safetensors.Planned>> = []
  let filled = Number.POSITIVE_INFINITY
  for (const one of planned) {
    const bytes = width * Shapes.size(one.shape)
    if (filled + bytes > limit) {
      shards.push([])
      filled = 0
    }
    shards[shards.length - 1]!.push(one)
    filled += bytes
  }
  return shards
}

const unwritable = (file: string) => (cause: PlatformError) =>
  new CheckpointRejected({ kind: "storage", file, reason: cause.message, cause })

const writeShard = Effect.fnUntraced(function* <E>(
  file: string,
  planned: ReadonlyArray<Safetensors.Planned>,
  parameter: Source<E>["parameter"]
) {
  const fs = yield* FileSystem.FileSystem
  const { header, order } = Safetensors.layout(planned)
  yield* Effect.scoped(
    Effect.gen(function* () {
      const open = yield* fs.open(file, { flag: "w" }).pipe(Effect.mapError(unwritable(file)))
      const write = (bytes: Uint8Array) => open.writeAll(bytes).pipe(Effect.mapError(unwritable(file)))
      yield* write(header)
      for (const { name, dtype, shape } of order) {
        const tensor = name === scoreBias ? Tensors.full(shape, 0) : yield* parameter(name)
        if (!Shapes.equal(tensor.shape, shape)) {
          const reason = `the parameter ${name} is ${Shapes.print(tensor.shape)}, not ${Shapes.print(shape)}`
          return yield* new CheckpointRejected({ kind: "mismatch", file, reason })
        }
        yield* write(Safetensors.bytesOf(tensor, dtype))
      }
      yield* open.sync.pipe(Effect.mapError(unwritable(file)))
    })
  )
})

/**
 * Writes a model as other tools read it: `config.json`, `model.safetensors` or shards with their index, and the given
 * texts. Parameters are asked for one by one. The folder appears when all is written, or not at all.
 *
 * @param folder must not be there yet
 */
export const save = Effect.fn("Checkpoint.save")(function* <E>(
  folder: string,
  { config, head, parameter, parameters = parameterSpecs(config, head), texts = {} }: Source<E>,
  { format = "F32", shardBytes = 5e9 }: SaveOptions = {}
) {
  const fs = yield* FileSystem.FileSystem
  const platform = unwritable(folder)
  if (yield* fs.exists(folder).pipe(Effect.mapError(platform))) {
    const fix = "Give a new folder, or remove this one"
    return yield* new CheckpointRejected({ kind: "storage", file: folder, reason: "it is there already", fix })
  }
  // A head of another kind, e.g. more layers, is written as it is.
  const scored = head === "reward" && Object.hasOwn(parameters, "score.weight")
  const all = { ...parameters, ...(scored ? { [scoreBias]: { shape: [1] } } : {}) }
  const planned = Object.entries(all).map(([name, { shape }]) => ({
    name,
    shape,
    dtype: format
  }))
  const width = format === "F32" ? 4 : 2
  const shards = partition(planned, width, shardBytes)
  const fileOf = (i: number) =>
    shards.length === 1 ? ShardIndexes.singleName : ShardIndexes.shardName(i, shards.length)
  const total = planned.reduce((sum, { shape }) => sum + width * Shapes.size(shape), 0)
  const weightMap = Object.fromEntries(shards.flatMap((shard, i) => shard.map(({ name }) => [name, fileOf(i)])))
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
  const files = {
    "config.json": json(configJson(config, head, format)),
    ...(shards.length === 1 ? {} : { [ShardIndexes.indexName]: json(ShardIndexes.toJson(weightMap, total)) }),
    ...texts
  }
  const draft = `${folder}.partial`
  yield* Effect.gen(function* () {
    yield* fs.remove(draft, { recursive: true, force: true }).pipe(Effect.mapError(platform))
    yield* fs.makeDirectory(draft, { recursive: true }).pipe(Effect.mapError(platform))
    for (const [i, shard] of shards.entries()) yield* writeShard(`${draft}/${fileOf(i)}`, shard, parameter)
    for (const [name, text] of Object.entries(files)) {
      yield* fs.writeFileString(`${draft}/${name}`, text).pipe(Effect.mapError(unwritable(`${draft}/${name}`)))
    }
    yield* fs.rename(draft, folder).pipe(Effect.mapError(platform))
  }).pipe(Effect.onError(() => Effect.ignore(fs.remove(draft, { recursive: true, force: true }))))
  return { bytes: total, files: [...shards.map((_, i) => fileOf(i)), ...Object.keys(files)] }
})
