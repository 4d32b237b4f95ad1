import { Effect, type FileSystem, Stream } from "effect"
import type { Head } from "../model/index.ts"
import { paramName } from "../optim/index.ts"
import type { BackendFailure, BadFeed, Memory } from "../service/index.ts"
import type { Tensor } from "../tensor/index.ts"
import type { CheckpointRejected } from "./errors.ts"
import { byFile, choose, type ModelFolder, type Needs, needs, ranges } from "./ModelFolder.ts"

/**
 * The parameters of a model, one after another, as they lie in its files: each is read when it is asked for, so that
 * whoever keeps none holds one at a time.
 */
export const parameters = (
  model: ModelFolder,
  head: Head = "language"
): Stream.Stream<readonly [name: string, tensor: Tensor], CheckpointRejected, FileSystem.FileSystem> =>
  Stream.fromEffect(choose(model, head)).pipe(
    Stream.flatMap(({ loaded }) => Stream.fromIterable(byFile(model, loaded))),
    Stream.flatMap(([file, names]) =>
      Stream.scoped(Stream.fromEffect(ranges(model, file))).pipe(
        Stream.flatMap(({ tensor }) =>
          Stream.fromIterable(names).pipe(
            Stream.mapEffect((name) => Effect.map(tensor(name), (value) => [name, value] as const))
          )
        )
      )
    )
  )

/** All parameters as host values, for what is small or has to be looked at whole. */
export const loadAll = (
  model: ModelFolder,
  head: Head = "language"
): Effect.Effect<Readonly<Record<string, Tensor>>, CheckpointRejected, FileSystem.FileSystem> =>
  Effect.map(Stream.runCollect(parameters(model, head)), (all) => Object.fromEntries(all))

/**
 * Moves a model's parameters into a backend's memory, one by one under their resident names: at no time are there two
 * copies of more than one of them. Returns what that took.
 *
 * @param scope of the resident names: `<scope>param/<name>`
 */
export const loadInto = (
  memory: Memory,
  model: ModelFolder,
  head: Head = "language",
  scope = ""
): Effect.Effect<Needs, CheckpointRejected | BackendFailure | BadFeed, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const choice = yield* choose(model, head)
    yield* Stream.runForEach(parameters(model, head), ([name, tensor]) =>
      memory.write({ [paramName(name, scope)]: tensor })
    )
    return needs(model, choice)
  })
