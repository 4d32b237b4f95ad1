import { Effect } from "effect"
import { fromFiles, merge } from "../../core/adapter/index.ts"
import { loadStored } from "../../core/checkpoint/index.ts"
import type { Params } from "../../core/learner/index.ts"
import {
  BadModelFolder,
  combinedDigest,
  type FolderModel,
  findModel,
  readModel,
  weightsDigest,
  weightsOf
} from "../models/index.ts"
import { findReward, headsBeside, type SavedReward, SavedRewards } from "../savedReward/index.ts"

/** A model in one piece: an adapter is merged into its base, since nothing here trains. */
export interface WholeModel {
  readonly model: FolderModel
  readonly params: Params
  /** The folder that it was read from. */
  readonly folder: string
  /** SHA-256 of everything that was read: of an adapter or a head over a base, with that of the base. */
  readonly weights: string
}

/** The kinds of reward models, by the names of their parameters. */
export type Head = "scalar" | "verifier" | "segment"

/** The kind that these parameters are of; undefined where they are no reward model's. */
const headOf = (params: Params): Head | undefined => {
  if (params["verifier/score.weight"] !== undefined) return "verifier"
  if (params["score.weight"] === undefined) return undefined
  return params["potential.weight"] === undefined ? "scalar" : "segment"
}

/** A reward model with what its folder says of how it is read. */
export interface WholeReward extends WholeModel {
  readonly head: Head
  /** Absent where the folder does not say it. */
  readonly saved?: SavedReward
}

const merged = (model: FolderModel, base: Params) => {
  const { adapter } = model
  return adapter === undefined
    ? Effect.succeed(base)
    : Effect.map(Effect.fromResult(fromFiles(adapter.files, model.config)), (stored) =>
        merge(stored.adapter, base, stored.values)
      )
}

/** The digest of a folder's own weights, with that of the base that they lie on. */
const digestOf = (folder: string, ...bases: ReadonlyArray<FolderModel>) =>
  Effect.map(Effect.forEach([...new Set([folder, ...bases.map((base) => base.folder)])], weightsDigest), combinedDigest)

/** The policy of a name: a model's folder, a run's directory, or a repository of the hub. */
export const readPolicy = Effect.fnUntraced(function* (name: string, template: Parameters<typeof readModel>[1] = null) {
  const found = yield* findModel(name)
  const { folder } = found
  const model = yield* readModel(found, template)
  const params = yield* merged(model, yield* weightsOf(model))
  return { model, params, folder, weights: yield* digestOf(folder, model) } satisfies WholeModel
})

/** The base of a verifier head that was trained over that of its run's policy, and was not written again. */
const baseOf = Effect.fnUntraced(function* (name: string, params: Params) {
  const isWhole = params["verifier/score.weight"] === undefined || params["model.embed_tokens.weight"] !== undefined
  return isWhole ? undefined : yield* readModel(yield* findModel(name))
})

/** The reward model of a name: its folder, or the directory of the run that made it. */
export const readRewardModel = Effect.fnUntraced(function* (name: string) {
  const found = yield* findReward(name)
  const { folder } = found
  const saved = yield* SavedRewards.read(folder)
  const model = yield* readModel(found)
  const base = yield* model.adapter === undefined ? loadStored(model.files) : weightsOf(model, "trunk")
  const own = { ...(yield* merged(model, base)), ...(yield* headsBeside(folder)) }
  const trunk = yield* baseOf(name, own)
  const params = { ...(trunk === undefined ? {} : yield* weightsOf(trunk)), ...own }
  const head = headOf(params)
  if (head === undefined)
    return yield* new BadModelFolder({
      file: folder,
      reason: "it has no score.weight: this is no reward model. Give eval.reward_model, or the run that made one."
    })
  const weights = yield* digestOf(folder, model, ...(trunk === undefined ? [] : [trunk]))
  return { model, params, folder, weights, head, ...(saved === undefined ? {} : { saved }) } satisfies WholeReward
})
