import { Effect } from "effect"
import type { Params } from "../../core/learner/index.ts"
import type { ModelConfig } from "../../core/model/index.ts"
import type { Tokenizer } from "../../core/text/index.ts"
import {
  BadModelFolder,
  type FolderModel,
  findModel,
  readModel,
  type TemplateName,
  templateOf
} from "../models/index.ts"
import { freshDecoder, type ModelShape, modelConfig } from "../run/index.ts"
import type { Recipe } from "./Recipe.ts"

/** What is known of the policy before its task is read. */
export interface Found {
  readonly template: TemplateName
  /** Absent where the model starts fresh: its vocabulary is then made for the task. */
  readonly model?: FolderModel
}

/** A policy to train: its shape, its first parameters, and what writes and ends its texts. */
export interface Start {
  readonly config: ModelConfig
  readonly params: Params
  readonly tokenizer: Tokenizer
  readonly template: TemplateName
  readonly stopIds: ReadonlyArray<number>
}

/** Reads the model that a recipe starts from, where it names one. */
export const findStart = Effect.fnUntraced(function* ({
  policy,
  chatTemplate
}: Pick<Recipe, "policy" | "chatTemplate">) {
  if (policy._tag === "Fresh") return { template: chatTemplate ?? "plain" } satisfies Found
  const folder = yield* findModel(policy.name)
  const template = yield* templateOf(folder, chatTemplate)
  return { template, model: yield* readModel(folder) } satisfies Found
})

/** The longest text that is read: with self-distillation the prompt holds an expert's trace as well. */
const contextOf = ({ limits, learning }: Pick<Recipe, "limits" | "learning">): number =>
  limits.prompt + limits.completion * (learning._tag === "Opsd" ? 2 : 1)

const fresh = (shape: ModelShape, tokenizer: Tokenizer, context: number, seed: number) => {
  const config = modelConfig(shape, tokenizer.vocabSize, context)
  return { config, params: freshDecoder(config, shape, seed), stopIds: [tokenizer.eosId] }
}

/** The policy to train, once the task has its tokenizer. */
export const startOf = Effect.fnUntraced(function* (recipe: Recipe, { template, model }: Found, tokenizer: Tokenizer) {
  const { policy, seed } = recipe
  const needed = contextOf(recipe)
  if (model === undefined)
    return policy._tag === "Fresh"
      ? ({ ...fresh(policy.shape, tokenizer, needed, seed), tokenizer, template } satisfies Start)
      : yield* Effect.die("a named model was not read")
  const { config, params, stopIds, folder } = model
  if (needed > config.max_position_embeddings)
    return yield* new BadModelFolder({
      file: `${folder}/config.json`,
      reason:
        `the model reads at most ${config.max_position_embeddings} tokens, and model.max_prompt_length and ` +
        `model.max_completion_length need ${needed}: lower them.`
    })
  return { config, params, stopIds, tokenizer, template } satisfies Start
})
