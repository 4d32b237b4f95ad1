import { Effect, type FileSystem } from "effect"
import {
  agree,
  type CheckpointRejected,
  insideFolder,
  loadAll,
  type ModelFolder,
  open
} from "../../core/checkpoint/index.ts"
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
  /** Whether the model's own configuration names an end token of the tokenizer or of the template, or none at all. */
  readonly endsAgree: boolean
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

/** Texts that are read of a model folder beside those that `open` reads. */
const readTexts = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"]

/** Refuses a file that is a link out of its folder, or no file: a device has no end. */
const insideOrAway = (folder: string, name: string) =>
  insideFolder(folder, name).pipe(
    Effect.catchIf(
      ({ kind }) => kind === "missing",
      () => Effect.void
    )
  )

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
    yield* Effect.forEach(readTexts, (name) => insideOrAway(folder, name))
    const stored = yield* fromFolder(folder)
    const template = yield* templateOf(folder, stored, chosen)
    const tokenizer = { ...stored, eosId: yield* Effect.fromResult(turnEnd(template, stored)) }
    const { config, generation } = files
    const { stopIds } = yield* Effect.fromResult(agree(folder, config, generation, tokenizer))
    const named = [...generation.eosIds, ...config.eos_token_id]
    const endsAgree = named.length === 0 || [stored.eosId, tokenizer.eosId].some((id) => named.includes(id))
    const texts = yield* textsOf({ folder, generation, tokenizer, template, stopIds })
    return { folder, origin, files, config, tokenizer, template, stopIds, endsAgree, texts }
  })

/** The weights of a model as host values, as a policy or as the trunk of a reward model. */
export const weightsOf = (
  { files }: Pick<FolderModel, "files">,
  as: "policy" | "trunk" = "policy"
): Effect.Effect<Params, CheckpointRejected, FileSystem.FileSystem> =>
  // A trunk has the reward head that is stored with it, or none.
  loadAll(files, as === "policy" ? "language" : files.stored["score.weight"] === undefined ? "none" : "reward")
