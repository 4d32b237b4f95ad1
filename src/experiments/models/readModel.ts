import { Effect, FileSystem } from "effect"
import { agree, type CheckpointRejected, loadAll, type ModelFolder, open } from "../../core/checkpoint/index.ts"
import type { Params } from "../../core/learner/index.ts"
import type { ModelConfig } from "../../core/model/index.ts"
import { type BadTokenizer, fromFolder, type Tokenizer } from "../../core/text/index.ts"
import { ModelNotFound } from "./errors.ts"

/** A model of a folder. */
export interface FolderModel {
  readonly folder: string
  readonly config: ModelConfig
  readonly params: Params
  readonly tokenizer: Tokenizer
  /** Tokens that end a completion. */
  readonly stopIds: ReadonlyArray<number>
}

/** The folder that a name means: itself, or what a finished run of that directory keeps. @param within where runs keep it */
export const findModel = Effect.fnUntraced(function* (name: string, within: ReadonlyArray<string> = ["best_model"]) {
  const fs = yield* FileSystem.FileSystem
  const looked = [name, ...within.map((sub) => `${name}/${sub}`)]
  for (const folder of looked)
    if (yield* fs.exists(`${folder}/config.json`).pipe(Effect.orElseSucceed(() => false))) return folder
  return yield* new ModelNotFound({ name, looked })
})

/** A trunk has the reward head that is stored with it, or none. */
const headOf = ({ stored }: ModelFolder, as: "policy" | "trunk") =>
  as === "policy" ? "language" : stored["score.weight"] === undefined ? "none" : "reward"

/** The model of a folder in the ecosystem's form, as a policy or as the trunk of a reward model. */
export const readModel = (
  folder: string,
  as: "policy" | "trunk" = "policy"
): Effect.Effect<FolderModel, CheckpointRejected | BadTokenizer, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const model = yield* open(folder)
    const params = yield* loadAll(model, headOf(model, as))
    const tokenizer = yield* fromFolder(folder)
    const { config, generation } = model
    const { stopIds } = yield* Effect.fromResult(agree(folder, config, generation, tokenizer))
    return { folder, config, params, tokenizer, stopIds }
  })
