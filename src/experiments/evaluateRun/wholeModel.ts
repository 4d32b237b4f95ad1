import { Effect, FileSystem, Result } from "effect"
import { fromFiles, merge } from "../../core/adapter/index.ts"
import { loadStored } from "../../core/checkpoint/index.ts"
import type { Params } from "../../core/learner/index.ts"
import { Safetensors } from "../../core/model/index.ts"
import { BadModelFolder, type FolderModel, findModel, readModel, weightsOf } from "../models/index.ts"

/** Where a run keeps its reward model. */
const REWARD_MODEL = ["reward_model", "best_model/reward_model", "reward_model_warmup"]
/** What an adapter's folder holds beside the adapter: the potential's head of a segment critic. */
const HEADS = "heads.safetensors"

/** A model in one piece: an adapter is merged into its base, since nothing here trains. */
export interface WholeModel {
  readonly model: FolderModel
  readonly params: Params
  /** The folder that it was read from. */
  readonly folder: string
}

const merged = (model: FolderModel, base: Params) => {
  const { adapter } = model
  return adapter === undefined
    ? Effect.succeed(base)
    : Effect.map(Effect.fromResult(fromFiles(adapter.files, model.config)), (stored) =>
        merge(stored.adapter, base, stored.values)
      )
}

/** The policy of a name: a model's folder, a run's directory, or a repository of the hub. */
export const readPolicy = Effect.fnUntraced(function* (name: string, template: Parameters<typeof readModel>[1] = null) {
  const found = yield* findModel(name)
  const model = yield* readModel(found, template)
  return { model, params: yield* merged(model, yield* weightsOf(model)), folder: found.folder } satisfies WholeModel
})

const besideAdapter = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const file = `${folder}/${HEADS}`
  if (!(yield* fs.exists(file).pipe(Effect.orElseSucceed(() => false)))) return {}
  return yield* fs.readFile(file).pipe(
    Effect.flatMap((bytes) => Effect.fromResult(Safetensors.decode(bytes))),
    Effect.map(({ tensors }) => tensors),
    Effect.mapError(({ message }) => new BadModelFolder({ file, reason: message }))
  )
})

/** The trunk of a verifier head that was trained over the base of its run's policy, and was not written again. */
const trunkOf = Effect.fnUntraced(function* (name: string, params: Params) {
  const isWhole = params["verifier/score.weight"] === undefined || params["model.embed_tokens.weight"] !== undefined
  return isWhole ? {} : yield* weightsOf(yield* readModel(yield* findModel(name)))
})

/** The reward model of a name: its folder, or the directory of the run that made it. */
export const readRewardModel = Effect.fnUntraced(function* (name: string) {
  const fs = yield* FileSystem.FileSystem
  const within = REWARD_MODEL.map((sub) => `${name}/${sub}`)
  const kept = yield* Effect.filter(within, (folder) =>
    Effect.map(
      Effect.all(
        ["config.json", "adapter_config.json"].map((file) =>
          fs.exists(`${folder}/${file}`).pipe(Effect.orElseSucceed(() => false))
        )
      ),
      (there) => there.includes(true)
    )
  )
  // A run's own folder may hold its policy as well, so what is called a reward model comes first.
  const found = kept[0] === undefined ? yield* findModel(name) : { folder: kept[0], origin: kept[0] }
  const model = yield* readModel(found)
  const base = yield* model.adapter === undefined ? loadStored(model.files) : weightsOf(model, "trunk")
  const own = { ...(yield* merged(model, base)), ...(yield* besideAdapter(found.folder)) }
  const params = { ...(yield* trunkOf(name, own)), ...own }
  if (Result.isFailure(headOf(params)))
    return yield* new BadModelFolder({
      file: found.folder,
      reason: "it has no score.weight: this is no reward model. Give eval.reward_model, or the run that made one."
    })
  return { model, params, folder: found.folder } satisfies WholeModel
})

/** The kinds of reward models, by the names of their parameters. */
export type Head = "scalar" | "verifier" | "segment"

/** The kind that these parameters are of. */
export const headOf = (params: Params): Result.Result<Head, "none"> => {
  if (params["verifier/score.weight"] !== undefined) return Result.succeed("verifier")
  if (params["score.weight"] === undefined) return Result.fail("none")
  return Result.succeed(params["potential.weight"] === undefined ? "scalar" : "segment")
}
