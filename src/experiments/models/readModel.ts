import { Effect, type FileSystem } from "effect"
import { agree, type CheckpointRejected, loadAll, type ModelFolder, open } from "../../core/checkpoint/index.ts"
import type { Fetched, Hub, HubError } from "../../core/data/index.ts"
import type { Params } from "../../core/learner/index.ts"
import type { ModelConfig } from "../../core/model/index.ts"
import {
  type BadTemplate,
  type BadTokenizer,
  type ChatRejected,
  type ChatTemplate,
  fromFolder,
  type Tokenizer,
  turnEnd
} from "../../core/text/index.ts"
import { type TemplateName, templateOf } from "./chatTemplates.ts"
import { BadModelFolder, type ModelNotFound } from "./errors.ts"
import { findModel } from "./findModel.ts"
import { type ModelTexts, textsOf } from "./modelTexts.ts"
import { type FolderAdapter, storedAdapter } from "./storedAdapter.ts"

/** A model of a folder, before any of its weights is read. */
export interface FolderModel extends Fetched {
  readonly files: ModelFolder
  readonly config: ModelConfig
  /** Its end token is the one that ends a turn of the template. */
  readonly tokenizer: Tokenizer
  readonly template: ChatTemplate
  /** Tokens that end a completion. */
  readonly stopIds: ReadonlyArray<number>
  /** What stands beside the weights, to be written with what becomes of them. */
  readonly texts: ModelTexts
  /** What was trained over it before, where the folder that was named holds an adapter. */
  readonly adapter?: FolderAdapter
}

/** Everything that a model folder can be refused for. */
export type BadModel =
  | CheckpointRejected
  | BadTokenizer
  | BadTemplate
  | ChatRejected
  | BadModelFolder
  | ModelNotFound
  | HubError

/** Where the base of an adapter lies. It must be a model: of an adapter over an adapter only one would be applied. */
const baseOf = Effect.fnUntraced(function* ({ folder, base }: FolderAdapter) {
  const file = `${folder}/adapter_config.json`
  const refuse = (reason: string, fix: string) => new BadModelFolder({ file, reason, fix })
  const found = yield* findModel(base).pipe(
    Effect.catchTag("ModelNotFound", ({ looked, hub }) =>
      refuse(
        `its base ${base} (base_model_name_or_path) is not here: no config.json in ${looked.join(" or ")}` +
          (hub === undefined ? "" : `; the hub says: ${hub.replace(/\.$/, "")}`),
        "Name there the folder or the repository of the model that it was trained over"
      )
    )
  )
  if ((yield* storedAdapter(found.folder)) !== undefined)
    return yield* refuse(
      `its base ${base} (base_model_name_or_path) is an adapter itself`,
      "Merge that one into its own base first (peft: merge_and_unload), and name the merged model"
    )
  return found
})

/** The model of a folder in the ecosystem's form; of an adapter's folder, its base with the adapter. */
export const readModel = (
  { folder, origin }: Fetched,
  chosen: TemplateName | null = null
): Effect.Effect<FolderModel, BadModel, FileSystem.FileSystem | Hub> =>
  Effect.gen(function* () {
    const adapter = yield* storedAdapter(folder)
    if (adapter !== undefined) return { ...(yield* readModel(yield* baseOf(adapter), chosen)), adapter }
    const files = yield* open(folder)
    const stored = yield* fromFolder(folder)
    const template = yield* templateOf(folder, stored, chosen)
    const tokenizer = { ...stored, eosId: yield* Effect.fromResult(turnEnd(template, stored)) }
    const { config, generation } = files
    const { stopIds } = yield* Effect.fromResult(agree(folder, config, generation, tokenizer))
    const texts = yield* textsOf({ folder, generation, tokenizer, template, stopIds })
    return { folder, origin, files, config, tokenizer, template, stopIds, texts }
  })

/** The weights of a model as host values, as a policy or as the trunk of a reward model. */
export const weightsOf = (
  { files }: Pick<FolderModel, "files">,
  as: "policy" | "trunk" = "policy"
): Effect.Effect<Params, CheckpointRejected, FileSystem.FileSystem> =>
  // A trunk has the reward head that is stored with it, or none.
  loadAll(files, as === "policy" ? "language" : files.stored["score.weight"] === undefined ? "none" : "reward")
