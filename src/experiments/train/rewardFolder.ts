import { Effect, FileSystem, Schema } from "effect"
import type { Adapter } from "../../core/adapter/index.ts"
import { loadStored, open } from "../../core/checkpoint/index.ts"
import type { CriticState, RewardModel, SavedCritic } from "../../core/learner/index.ts"
import { type ModelConfig, Safetensors } from "../../core/model/index.ts"
import { RunDirectory } from "../../core/run/index.ts"
import {
  BadModelFolder,
  type ModelTexts,
  storedAdapter,
  type WrittenModel,
  writeAdapter,
  writeModel
} from "../models/index.ts"
import { findReward, HEADS, headsBeside, SavedRewards, tensorsOf } from "../savedReward/index.ts"
import type { LoadRecipe } from "./Recipe.ts"

const STATE = "reward_training_state.json"
const MOMENTS = "optimizer.safetensors"

const State = Schema.fromJsonString(Schema.Struct({ optimiser_updates: Schema.Int }))

const momentsOf = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const [state, file] = [`${folder}/${STATE}`, `${folder}/${MOMENTS}`]
  const bad = (path: string) => (error: { readonly message: string }) =>
    new BadModelFolder({
      file: path,
      reason: `${error.message} To load the weights alone: training.load_warmup_reward_optimizer=false.`
    })
  const { optimiser_updates } = yield* fs
    .readFileString(state)
    .pipe(Effect.flatMap(Schema.decodeUnknownEffect(State)), Effect.mapError(bad(state)))
  const moments = yield* tensorsOf(file).pipe(Effect.mapError(bad(file)))
  return { moments, updates: optimiser_updates }
})

/** All parameters of a reward model's folder: of its weights, or of its adapter and what trained beside it. */
const storedParams = Effect.fnUntraced(function* (folder: string) {
  const adapter = yield* storedAdapter(folder)
  if (adapter === undefined) return yield* loadStored(yield* open(folder))
  const own = yield* tensorsOf(`${folder}/adapter_model.safetensors`)
  const named = Object.entries(own).map(([name, tensor]) => [name.replace(/^base_model\.model\./, ""), tensor] as const)
  return { ...Object.fromEntries(named), ...(yield* headsBeside(folder)) }
})

/** A reward model that was trained before, as the parameters of `model`. */
export const loadCritic = Effect.fnUntraced(function* (
  model: Pick<RewardModel, "initial">,
  { from, optimiser }: LoadRecipe
) {
  const { folder } = yield* findReward(from)
  yield* SavedRewards.read(folder)
  const params = yield* storedParams(folder)
  const missing = Object.keys(model.initial).find((name) => params[name] === undefined)
  if (missing !== undefined)
    return yield* new BadModelFolder({
      file: folder,
      reason: `it lacks ${missing}, which this reward model has; set model.reward_head and model.critic_type as they were.`
    })
  return { params, ...(optimiser ? { optimiser: yield* momentsOf(folder) } : {}) } satisfies SavedCritic
})

/** A reward model as it is written down. */
export interface WrittenCritic {
  readonly config: ModelConfig
  /** Where it is one, over a base that is not written again. */
  readonly adapter?: Adapter
  /** Those of the policy that it judges. */
  readonly texts: ModelTexts
  readonly critic: SavedCritic
  readonly state?: CriticState
}

/** Writes a reward model, and what another run needs to go on with it. */
export const writeCritic = Effect.fnUntraced(function* (
  directory: RunDirectory.RunDirectory,
  folder: string,
  { config, adapter, texts, critic, state, format }: WrittenCritic & Pick<WrittenModel, "format">
) {
  const { "generation_config.json": _, ...told } = texts
  const { params } = critic
  if (adapter === undefined) {
    const written = { config, texts: told, params, head: "reward" } as const
    yield* writeModel(directory, folder, format === undefined ? written : { ...written, format })
  } else {
    yield* writeAdapter(directory, folder, { adapter, values: params, texts: told })
    const beside = Object.entries(params).filter(([name]) => adapter.params[name] === undefined)
    if (beside.length > 0)
      yield* RunDirectory.writeArtifact(directory, `${folder}/${HEADS}`, Safetensors.encode(Object.fromEntries(beside)))
  }
  if (state !== undefined) yield* RunDirectory.writeArtifact(directory, `${folder}/${STATE}`, { ...state })
  if (critic.optimiser !== undefined)
    yield* RunDirectory.writeArtifact(directory, `${folder}/${MOMENTS}`, Safetensors.encode(critic.optimiser.moments))
})
