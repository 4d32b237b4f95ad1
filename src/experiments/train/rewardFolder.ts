import { Effect, FileSystem, Schema } from "effect"
import type { CriticState, RewardModel, SavedCritic } from "../../core/learner/index.ts"
import { type ModelConfig, Safetensors } from "../../core/model/index.ts"
import { RunDirectory } from "../../core/run/index.ts"
import type { Tokenizer } from "../../core/text/index.ts"
import { BadModelFolder, findModel, writeModel } from "../models/index.ts"
import type { LoadRecipe } from "./Recipe.ts"

const STATE = "reward_training_state.json"
const MOMENTS = "optimizer.safetensors"

/** Where a run keeps its reward model. */
const WITHIN = ["reward_model", "best_model/reward_model", "reward_model_warmup"]

const State = Schema.fromJsonString(Schema.Struct({ optimiser_updates: Schema.Int }))

/** All tensors of a file. */
const tensorsOf = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.readFile(file).pipe(
    Effect.flatMap((bytes) => Effect.fromResult(Safetensors.decode(bytes))),
    Effect.map(({ tensors }) => tensors),
    Effect.mapError(({ message }) => new BadModelFolder({ file, reason: message }))
  )
})

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

/** A reward model that was trained before, as the parameters of `model`. */
export const loadCritic = Effect.fnUntraced(function* (model: RewardModel, { from, optimiser }: LoadRecipe) {
  const folder = yield* findModel(from, WITHIN)
  const params = yield* tensorsOf(`${folder}/model.safetensors`)
  const missing = Object.keys(model.initial).find((name) => params[name] === undefined)
  if (missing !== undefined)
    return yield* new BadModelFolder({
      file: `${folder}/model.safetensors`,
      reason: `it lacks ${missing}, which this reward model has; set model.reward_head and model.critic_type as they were.`
    })
  return { params, ...(optimiser ? { optimiser: yield* momentsOf(folder) } : {}) } satisfies SavedCritic
})

/** Writes a reward model, and what another run needs to go on with it. */
export const writeCritic = Effect.fnUntraced(function* (
  directory: RunDirectory.RunDirectory,
  folder: string,
  written: {
    readonly config: ModelConfig
    readonly tokenizer: Tokenizer
    readonly critic: SavedCritic
    readonly state?: CriticState
  }
) {
  const { config, tokenizer, critic, state } = written
  yield* writeModel(directory, folder, { config, tokenizer, params: critic.params, head: "reward" })
  if (state !== undefined) yield* RunDirectory.writeArtifact(directory, `${folder}/${STATE}`, { ...state })
  if (critic.optimiser !== undefined)
    yield* RunDirectory.writeArtifact(directory, `${folder}/${MOMENTS}`, Safetensors.encode(critic.optimiser.moments))
})
