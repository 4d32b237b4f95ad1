import { Effect, type FileSystem, Stream } from "effect"
import type { Head } from "../model/index.ts"
import { paramName } from "../optim/index.ts"
import type { BackendFailure, BadFeed, Memory } from "../service/index.ts"
import type { Tensor } from "../tensor/index.ts"
import { CheckpointRejected } from "./errors.ts"
import { byFile, choose, type ModelFolder, type Needs, needs, ranges } from "./ModelFolder.ts"

/** Refuses a reward head with a bias other than 0, which the rewards computed here would lack. */
export const withoutBias = (
  model: ModelFolder,
  head: Head
): Effect.Effect<void, CheckpointRejected, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const bias = head === "reward" ? model.stored["score.bias"] : undefined
    if (bias === undefined) return
    const { tensor } = yield* ranges(model, bias.file)
    if ((yield* tensor("score.bias")).data.every((x) => x === 0)) return
    const fix = "Set it to 0: that moves every reward by the same amount"
    const reason = "score.bias is not 0, and the reward head has no bias here"
    return yield* new CheckpointRejected({ kind: "unsupported", file: `${model.folder}/${bias.file}`, reason, fix })
  }).pipe(Effect.scoped)

/** These tensors of a folder, one after another, as they lie in its files: each is read when it is asked for. */
const tensors = (model: ModelFolder, names: ReadonlyArray<string>) =>
  Stream.fromIterable(byFile(model, names)).pipe(
    Stream.flatMap(([file, within]) =>
      Stream.scoped(Stream.fromEffect(ranges(model, file))).pipe(
        Stream.flatMap(({ tensor }) =>
          Stream.fromIterable(within).pipe(
            Stream.mapEffect((name) => Effect.map(tensor(name), (value) => [name, value] as const))
          )
        )
      )
    )
  )

/**
 * The parameters of a model, one after another: each is read when it is asked for, so that whoever keeps none holds one
 * at a time.
 */
export const parameters = (
  model: ModelFolder,
  head: Head = "language"
): Stream.Stream<readonly [name: string, tensor: Tensor], CheckpointRejected, FileSystem.FileSystem> =>
  Stream.fromEffect(Effect.andThen(withoutBias(model, head), choose(model, head))).pipe(
    Stream.flatMap(({ loaded }) => tensors(model, loaded))
  )

/** All tensors that a folder holds, whatever head or other layers they belong to. */
export const loadStored = (
  model: ModelFolder
): Effect.Effect<Readonly<Record<string, Tensor>>, CheckpointRejected, FileSystem.FileSystem> =>
  Effect.map(Stream.runCollect(tensors(model, Object.keys(model.stored))), (all) => Object.fromEntries(all))

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
