import { Data, Effect, FileSystem, Option } from "effect"

/** A run whose results are in none of the places where they may be. */
export class ResultsNotFound extends Data.TaggedError("ResultsNotFound")<{
  readonly run: string
  readonly root: string
  readonly files: ReadonlyArray<string>
}> {
  override get message(): string {
    return `no ${this.files.join(", ")} of the run ${this.run} in any folder under ${this.root}. Evaluate the run, or mend its name.`
  }
}

/** What is looked for under the root of a domain. */
export interface Wanted {
  readonly root: string
  readonly run: string
  /** Names of files, the first that exists wins; each is looked for plain and packed. */
  readonly files: ReadonlyArray<string>
  readonly checkpoint: string
}

const first = ["standard", "", "transferability", "ablations"]

const join = (...parts: ReadonlyArray<string>): string => parts.filter((part) => part !== "").join("/")

/** Folders below a root, breadth first, in the order of their names. */
const below = (root: string): Effect.Effect<ReadonlyArray<string>, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const entries = Option.getOrElse(yield* Effect.option(fs.readDirectory(root)), () => [])
    const folders: Array<string> = []
    for (const entry of entries.toSorted()) {
      const info = yield* Effect.option(fs.stat(join(root, entry)))
      if (Option.isSome(info) && info.value.type === "Directory") folders.push(entry)
    }
    return folders
  })

const allBelow = (root: string, depth: number): Effect.Effect<ReadonlyArray<string>, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    if (depth === 0) return []
    const own = yield* below(root)
    const deeper = yield* Effect.forEach(own, (folder) =>
      Effect.map(allBelow(join(root, folder), depth - 1), (found) => found.map((name) => join(folder, name)))
    )
    return [...own, ...deeper.flat()]
  })

/** Levels searched when a run is in none of the usual folders. */
const depth = 4

/**
 * The result file of a run: in `standard/`, the root, `transferability/`, `ablations/`, any other folder, then any
 * folder below; there in `<run>/<checkpoint>/`, then in `<run>/`.
 */
export const findResults = ({ root, run, files, checkpoint }: Wanted) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const inside = (folder: string) =>
      Effect.gen(function* () {
        for (const name of files)
          for (const place of [join(folder, run, checkpoint, name), join(folder, run, name)])
            for (const file of [place, `${place}.gz`])
              if (yield* Effect.orElseSucceed(fs.exists(file), () => false)) return file
        return undefined
      })
    const search = (folders: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        for (const folder of folders) {
          const found = yield* inside(join(root, folder))
          if (found !== undefined) return found
        }
        return undefined
      })
    const usual = yield* search(first)
    if (usual !== undefined) return usual
    const others = (yield* below(root)).filter((folder) => !first.includes(folder))
    const found = (yield* search(others)) ?? (yield* search(yield* allBelow(root, depth)))
    if (found !== undefined) return found
    return yield* new ResultsNotFound({ run, root, files })
  })
