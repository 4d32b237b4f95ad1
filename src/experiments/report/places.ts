import { Data, Effect, FileSystem, Path } from "effect"

/** A place that holds nothing to report. */
export class NothingToReport extends Data.TaggedError("NothingToReport")<{
  readonly path: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.path}: ${this.reason}. Give a run's folder, or files of results (.jsonl, .jsonl.gz) that \`evaluate\`, \`score\` or a run wrote.`
  }
}

/** Journals and data beside results, which hold no rollouts. */
const otherLines = ["metrics.jsonl", "events.jsonl", "train.jsonl", "test.jsonl", "validation.jsonl"]

const isResults = (name: string): boolean => /\.jsonl(\.gz)?$/.test(name) && !otherLines.includes(name)

/** Result files by the name that the page shows: the path within the run, or the file's own. */
export const resultFiles = Effect.fnUntraced(function* (places: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const found = yield* Effect.forEach(places, (place) =>
    Effect.gen(function* () {
      const info = yield* Effect.mapError(
        fs.stat(place),
        () => new NothingToReport({ path: place, reason: "no such file or folder" })
      )
      if (info.type !== "Directory") return [{ name: path.basename(place), file: place }]
      const inside = yield* fs.readDirectory(place, { recursive: true })
      const results = inside.filter((name) => isResults(path.basename(name))).sort()
      if (results.length === 0)
        return yield* new NothingToReport({ path: place, reason: "no file of results lies in this folder" })
      return results.map((name) => ({ name, file: path.join(place, name) }))
    })
  )
  return found.flat()
})
