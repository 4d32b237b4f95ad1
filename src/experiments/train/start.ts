import { Effect, type FileSystem } from "effect"
import type { Hub, HubError } from "../../core/data/index.ts"
import type { Adaptation, Params } from "../../core/learner/index.ts"
import type { ModelConfig } from "../../core/model/index.ts"
import type { Sampler } from "../../core/service/index.ts"
import type { ChatTemplate, Tokenizer } from "../../core/text/index.ts"
import {
  type BadModel,
  BadModelFolder,
  type FolderModel,
  findModel,
  type ModelNotFound,
  type ModelTexts,
  modelTexts,
  readModel,
  sharedBase,
  templates,
  weightsOf
} from "../models/index.ts"
import { freshDecoder, type ModelShape, modelConfig } from "../run/index.ts"
import { policyAdapter } from "./adapterOf.ts"
import type { Recipe } from "./Recipe.ts"

/** What is known of the policy before its task is read. */
export interface Found {
  readonly template: ChatTemplate
  /** Absent where the model starts fresh: its vocabulary is then made for the task. */
  readonly model?: FolderModel
}

/** A policy to train: its shape, its first parameters, and what writes and ends its texts. */
export interface Start {
  readonly config: ModelConfig
  /** What trains: its weights, or its adapter's values. */
  readonly params: Params
  /** The adapter that trains in the place of the weights, and the base that it lies on. */
  readonly adapter?: Adaptation
  readonly tokenizer: Tokenizer
  readonly stopIds: ReadonlyArray<number>
  /** Where it comes from; absent where it starts fresh. */
  readonly model?: FolderModel
  /** Draws the completions of training, where an engine of this process does not. */
  readonly sampler?: Sampler["Service"]
  /** What stands beside the weights. */
  readonly texts: ModelTexts
}

/** Reads the model that a recipe starts from, where it names one. */
export const findStart = Effect.fnUntraced(function* ({
  policy,
  chatTemplate
}: Pick<Recipe, "policy" | "chatTemplate">): Effect.fn.Return<
  Found,
  ModelNotFound | HubError | BadModel,
  FileSystem.FileSystem | Hub
> {
  if (policy._tag === "Fresh") return { template: templates[chatTemplate ?? "plain"] } satisfies Found
  const model = yield* readModel(yield* findModel(policy.name), chatTemplate)
  return { template: model.template, model } satisfies Found
})

/** The longest text that is read: with self-distillation the prompt holds an expert's trace as well. */
const contextOf = ({ limits, learning }: Pick<Recipe, "limits" | "learning">): number =>
  limits.prompt + limits.completion * (learning._tag === "Opsd" ? 2 : 1)

const fresh = (shape: ModelShape, { template }: Found, tokenizer: Tokenizer, context: number, seed: number): Start => {
  const config = modelConfig(shape, tokenizer.vocabSize, context)
  const stopIds = [tokenizer.eosId]
  const texts = modelTexts({ tokenizer, template, stopIds })
  return { config, params: freshDecoder(config, shape, seed), tokenizer, stopIds, texts }
}

/** The policy to train, once the task has its tokenizer. */
export const startOf = Effect.fnUntraced(function* (recipe: Recipe, found: Found, tokenizer: Tokenizer) {
  const { policy, seed } = recipe
  const { model } = found
  const needed = contextOf(recipe)
  if (model === undefined)
    return policy._tag === "Fresh"
      ? fresh(policy.shape, found, tokenizer, needed, seed)
      : yield* Effect.die("a named model was not read")
  const { config, stopIds, texts, folder } = model
  if (needed > config.max_position_embeddings)
    return yield* new BadModelFolder({
      file: `${folder}/config.json`,
      reason:
        `the model reads at most ${config.max_position_embeddings} tokens, and model.max_prompt_length and ` +
        `model.max_completion_length need ${needed}: lower them.`
    })
  const start = { config, stopIds, tokenizer, model, texts }
  if (recipe.adapter === undefined) {
    if (model.adapter === undefined) return { ...start, params: yield* weightsOf(model) } satisfies Start
    return yield* new BadModelFolder({
      file: `${model.adapter.folder}/adapter_config.json`,
      reason: "this is an adapter: give the rank of it that is to train, in model.lora_rank or model.policy_lora_rank."
    })
  }
  const { adapter, values } = yield* policyAdapter(recipe.adapter, model, seed)
  const base = yield* sharedBase(model, recipe.adapter)
  return { ...start, params: values, adapter: { adapter, base, scope: "policy/" } } satisfies Start
})
