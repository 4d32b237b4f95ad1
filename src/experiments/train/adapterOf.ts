import { resolve } from "node:path"
import { Effect, Result } from "effect"
import {
  type AdapterConfig,
  AdapterConfigs,
  Adapters,
  fromFiles,
  type StoredAdapter
} from "../../core/adapter/index.ts"
import { parseAddress } from "../../core/data/index.ts"
import { BadModelFolder, type FolderModel } from "../models/index.ts"
import type { AdapterRecipe } from "./Recipe.ts"

/** A base as an adapter names it: a repository with the commit, or a folder. */
const named = (origin: string): Pick<AdapterConfig, "base_model_name_or_path" | "revision"> => {
  const repo = parseAddress(origin)
  return repo === undefined
    ? { base_model_name_or_path: resolve(origin), revision: null }
    : { base_model_name_or_path: repo.id, revision: repo.revision ?? null }
}

/** What an adapter is for: a policy's logits, or a reward model's. */
export type Role = "CAUSAL_LM" | "SEQ_CLS"

const heads: Readonly<Record<Role, ReadonlyArray<string>>> = { CAUSAL_LM: [], SEQ_CLS: ["classifier", "score"] }

/** A fresh adapter of a model. @param seed names the stream of its values */
export const freshAdapter = (
  { rank, alpha, rslora, targets, saved }: AdapterRecipe,
  { config, origin }: Pick<FolderModel, "config" | "origin">,
  role: Role
) =>
  Result.flatMap(
    AdapterConfigs.make({
      ...named(origin),
      task_type: role,
      r: rank,
      lora_alpha: alpha,
      use_rslora: rslora,
      target_modules: targets,
      ...(role === "CAUSAL_LM" && saved.length === 0 ? {} : { modules_to_save: [...heads[role], ...saved] })
    }),
    (description) => Adapters.make(description, config)
  )

/** The adapter that a policy trains, with its first values: a fresh one, or that of the folder that was named. */
export const policyAdapter = Effect.fnUntraced(function* (recipe: AdapterRecipe, model: FolderModel, seed: number) {
  if (model.adapter === undefined) {
    const adapter = yield* Effect.fromResult(freshAdapter(recipe, model, "CAUSAL_LM"))
    return { adapter, values: Adapters.initialise(adapter, seed) } satisfies StoredAdapter
  }
  const { files, folder } = model.adapter
  const stored = yield* Effect.fromResult(fromFiles(files, model.config))
  const { r } = stored.adapter.config
  if (r !== recipe.rank)
    return yield* new BadModelFolder({
      file: `${folder}/adapter_config.json`,
      reason: `this adapter is of rank ${r}, and the configuration asks for ${recipe.rank}: set the rank to ${r} to go on with it.`
    })
  return stored
})
