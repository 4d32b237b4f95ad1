import { Effect, FileSystem } from "effect"
import { type Fetched, type Hub, type HubError, parseAddress, type Repo } from "../../core/data/index.ts"
import { ModelNotFound } from "./errors.ts"
import { fetchModel } from "./fetchModel.ts"

/** The repository that a name may mean: `hf://ORGANISATION/NAME[@REVISION]`, or the same without `hf://`. */
const repoOf = (name: string): Repo | undefined => {
  const repo = parseAddress(/^[\w-][\w.-]*\/[\w.-]+(@\S+)?$/.test(name) ? `hf://${name}` : name)
  return repo?.kind === "model" ? repo : undefined
}

/**
 * The folder that a name means: itself, what a finished run of that directory keeps, or the files of a repository of the
 * hub, which are fetched where they are not in its cache. What lies on this machine wins over the hub.
 */
export const findModel = (
  name: string
): Effect.Effect<Fetched, ModelNotFound | HubError, FileSystem.FileSystem | Hub> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const there = (path: string) => fs.exists(path).pipe(Effect.orElseSucceed(() => false))
    const looked = [name, `${name}/best_model`]
    for (const folder of looked)
      for (const file of ["config.json", "adapter_config.json"])
        if (yield* there(`${folder}/${file}`)) return { folder, origin: folder }
    const repo = (yield* there(name)) ? undefined : repoOf(name)
    if (repo === undefined) return yield* new ModelNotFound({ name, looked })
    return yield* fetchModel(repo).pipe(
      // A name without hf:// may be a folder that is spelt wrong.
      Effect.catchIf(
        (error): error is HubError =>
          (error.kind === "repository" || error.kind === "unreachable") && !name.startsWith("hf://"),
        ({ message }) => new ModelNotFound({ name, looked, hub: message })
      )
    )
  })
