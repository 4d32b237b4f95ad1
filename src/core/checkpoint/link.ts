import { Effect, FileSystem, Option } from "effect"
import type { Head } from "../model/index.ts"
import { paramName } from "../optim/index.ts"
import { type BackendFailure, BadFeed, type LinkedFile, type LinkedTensor, type Memory } from "../service/index.ts"
import type { CheckpointRejected } from "./errors.ts"
import { insideFolder, unreadable } from "./insideFolder.ts"
import { withoutBias } from "./load.ts"
import { byFile, choose, type ModelFolder, type Needs, needs, ranges } from "./ModelFolder.ts"
import { readRanges } from "./readRanges.ts"

/** What tells one state of a file from another: which file it is, how long, and when it was last written. */
const stampOf = ({ ino, size, mtime }: FileSystem.File.Info): string =>
  [Option.getOrElse(ino, () => 0n), size, Option.match(mtime, { onNone: () => 0, onSome: (at) => at.getTime() })].join(
    " "
  )

const gone = (file: string, what: string): BadFeed =>
  new BadFeed({ name: file, reason: `${what} since its tensors were linked; load the checkpoint again.` })

/** A weight file of a folder as it is now. */
const linkFile = Effect.fnUntraced(function* (folder: string, name: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* insideFolder(folder, name)
  const stamp = stampOf(yield* fs.stat(path).pipe(Effect.mapError(unreadable(`${folder}/${name}`))))
  const check = fs.stat(path).pipe(
    Effect.mapError(() => gone(path, "the file has vanished, or cannot be read any more,")),
    Effect.flatMap((now) => (stampOf(now) === stamp ? Effect.void : gone(path, "the file has changed")))
  )
  const file: LinkedFile = { path, check }
  return file
})

/** The tensors of one file that can be linked; others, of F64, have to be read. */
const linksOf = Effect.fnUntraced(function* (model: ModelFolder, name: string, names: ReadonlyArray<string>) {
  const fs = yield* FileSystem.FileSystem
  const file = yield* linkFile(model.folder, name)
  const { header } = yield* ranges(model, name)
  return names.flatMap((tensor): ReadonlyArray<readonly [string, LinkedTensor]> => {
    const { dtype, shape, begin, end } = header.entries[tensor]!
    if (dtype !== "F32" && dtype !== "F16" && dtype !== "BF16") return []
    const read = Effect.andThen(
      file.check,
      Effect.flatMap(readRanges(file.path, file.path), (open) => open.tensor(tensor))
    ).pipe(
      Effect.scoped,
      Effect.provideService(FileSystem.FileSystem, fs),
      Effect.catchTag("CheckpointRejected", ({ message }) => new BadFeed({ name: tensor, reason: message }))
    )
    return [[tensor, { file, dtype, shape, begin, end, read }]]
  })
}, Effect.scoped)

/**
 * As `loadInto`, without reading a weight: the memory is told where each parameter lies, and a backend reads it there,
 * or loads it when it has to. For bases that stay as they are; compile what reads them with `freeze`. Returns what loading
 * all would take; what is mapped takes pages of the file instead.
 *
 * The files must stay as they are while the memory, or a program that was compiled with it, is in use: one that changed
 * or vanished is a `BadFeed` that names it.
 *
 * @param scope of the resident names: `<scope>param/<name>`
 * @see specs/53-memory.md
 */
export const mapInto = (
  memory: Memory,
  model: ModelFolder,
  head: Head = "language",
  scope = ""
): Effect.Effect<Needs, CheckpointRejected | BackendFailure | BadFeed, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    yield* withoutBias(model, head)
    const choice = yield* choose(model, head)
    for (const [file, names] of byFile(model, choice.loaded)) {
      const links = yield* linksOf(model, file, names)
      yield* memory.link(Object.fromEntries(links.map(([name, link]) => [paramName(name, scope), link])))
      const linked = new Set(links.map(([name]) => name))
      const { tensor } = yield* ranges(model, file)
      for (const name of names.filter((n) => !linked.has(n))) {
        yield* memory.write({ [paramName(name, scope)]: yield* tensor(name) })
      }
    }
    return needs(model, choice)
  }).pipe(Effect.scoped)
