import { Effect, FileSystem } from "effect"
import type { Params } from "../../core/learner/index.ts"
import { type Head, type ModelConfig, ModelConfigs, parameterSpecs } from "../../core/model/index.ts"
import { Shapes } from "../../core/tensor/index.ts"
import { fromFolder, type Tokenizer } from "../../core/text/index.ts"
import { BadModelFolder, ModelNotFound } from "./errors.ts"
import { readWeights } from "./readWeights.ts"

/** A model of a folder. */
export interface FolderModel {
  readonly folder: string
  readonly config: ModelConfig
  readonly params: Params
  readonly tokenizer: Tokenizer
  /** Tokens that end a turn, by config.json, generation_config.json and the tokenizer. */
  readonly stopIds: ReadonlyArray<number>
}

const exists = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.exists(path).pipe(Effect.orElseSucceed(() => false)))

const parse = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.readFileString(file).pipe(
    Effect.flatMap((text) => Effect.try({ try: (): unknown => JSON.parse(text), catch: (e) => new Error(String(e)) })),
    Effect.mapError((error) => new BadModelFolder({ file, reason: error.message }))
  )
})

/** The folder that a name means: itself, or what a finished run of that directory keeps. @param within where runs keep it */
export const findModel = Effect.fnUntraced(function* (name: string, within: ReadonlyArray<string> = ["best_model"]) {
  const looked = [name, ...within.map((sub) => `${name}/${sub}`)]
  for (const folder of looked) if (yield* exists(`${folder}/config.json`)) return folder
  return yield* new ModelNotFound({ name, looked })
})

const stopIdsOf = Effect.fnUntraced(function* (folder: string, config: ModelConfig, tokenizer: Tokenizer) {
  const file = `${folder}/generation_config.json`
  const generation = (yield* exists(file)) ? yield* parse(file) : {}
  const named = typeof generation === "object" && generation !== null && "eos_token_id" in generation
  const ids: ReadonlyArray<unknown> = named ? [generation.eos_token_id].flat() : []
  const whole = ids.filter((id): id is number => typeof id === "number" && Number.isInteger(id))
  return [...new Set([tokenizer.eosId, ...config.eos_token_id, ...whole])].filter((id) => id < tokenizer.vocabSize)
})

const fault = (config: ModelConfig, head: Head, params: Params): string | undefined => {
  for (const [name, { shape }] of Object.entries(parameterSpecs(config, head))) {
    const found = params[name]
    if (found === undefined && name === "score.weight") continue
    if (found === undefined) return `it lacks the tensor ${name}, which config.json asks for.`
    if (!Shapes.equal(found.shape, shape))
      return `${name} is [${found.shape.join(", ")}], config.json makes it [${shape.join(", ")}].`
  }
  return undefined
}

/**
 * The model of a folder in the ecosystem's form: `config.json`, `tokenizer.json` and its config, `model.safetensors` or
 * shards. With head `reward`, `score.weight` may be absent: a head then starts fresh.
 */
export const readModel = Effect.fnUntraced(function* (folder: string, head: Head = "language") {
  const json = yield* parse(`${folder}/config.json`)
  const config = yield* Effect.fromResult(ModelConfigs.fromJson(json)).pipe(
    Effect.mapError((error) => new BadModelFolder({ file: `${folder}/config.json`, reason: error.message }))
  )
  const params = yield* readWeights(folder, Object.keys(parameterSpecs(config, head)))
  const wrong = fault(config, head, params)
  if (wrong !== undefined) return yield* new BadModelFolder({ file: `${folder}/model.safetensors`, reason: wrong })
  const tokenizer = yield* fromFolder(folder)
  if (tokenizer.vocabSize > config.vocab_size)
    return yield* new BadModelFolder({
      file: `${folder}/tokenizer.json`,
      reason: `it has ${tokenizer.vocabSize} tokens, the model ${config.vocab_size}: they do not belong together.`
    })
  return {
    folder,
    config,
    params,
    tokenizer,
    stopIds: yield* stopIdsOf(folder, config, tokenizer)
  } satisfies FolderModel
})
