import { resolve } from "node:path"
import { Effect, FileSystem } from "effect"
import { publishAdapter, Server } from "../../backends/server/index.ts"
import type { Adaptation } from "../../core/learner/index.ts"
import { SamplerFailure } from "../../core/service/index.ts"
import type { Recipe, ServerRecipe } from "./Recipe.ts"
import type { Start } from "./start.ts"

const nameOf = ({ policy }: Pick<Recipe, "policy">): string => (policy._tag === "Named" ? policy.name : "fresh")

/** A server that draws completions of the policy, every version of which is stored in a folder that both see. */
const connected = Effect.fnUntraced(function* (
  recipe: Recipe,
  { url, model = nameOf(recipe), logProbs, timeout, versions, folderThere, ...server }: ServerRecipe,
  { adapter }: Adaptation,
  { tokenizer }: Start,
  run: string
) {
  const fs = yield* FileSystem.FileSystem
  const folder = resolve(server.folder ?? `${run}/adapters`)
  yield* fs.makeDirectory(folder, { recursive: true }).pipe(
    Effect.mapError(
      ({ message: reason }) =>
        new SamplerFailure({
          sampler: "server",
          kind: "refused",
          reason,
          fix: "Choose another training.vllm_lora_dir."
        })
    )
  )
  const seen = folderThere === undefined ? {} : { seenAs: folderThere }
  const publish = yield* publishAdapter({ adapter, folder, keep: versions + 1, ...seen })
  return yield* Server.make({
    url,
    model,
    logProbs,
    vocabulary: tokenizer.vocabSize,
    deadline: 1000 * timeout,
    adapters: { publish, keep: versions }
  })
})

/** The run's start with the inference server that the recipe names, if it names one. @param run its directory */
export const withServer = (recipe: Recipe, start: Start, run: string) =>
  recipe.server === undefined || start.adapter === undefined
    ? Effect.succeed(start)
    : Effect.map(
        connected(recipe, recipe.server, start.adapter, start, run),
        (sampler): Start => ({ ...start, sampler })
      )
