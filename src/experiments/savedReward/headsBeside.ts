import { Effect, FileSystem } from "effect"
import type { Params } from "../../core/learner/index.ts"
import { Safetensors } from "../../core/model/index.ts"
import { BadModelFolder } from "../models/index.ts"

/** What an adapter's folder holds beside the adapter: the potential's head of a segment critic. */
export const HEADS = "heads.safetensors"

/** All tensors of a file. */
export const tensorsOf = Effect.fnUntraced(function* (file: string) {
  const fs = yield* FileSystem.FileSystem
  return yield* fs.readFile(file).pipe(
    Effect.flatMap((bytes) => Effect.fromResult(Safetensors.decode(bytes))),
    Effect.map(({ tensors }): Params => tensors),
    Effect.mapError(({ message }) => new BadModelFolder({ file, reason: message }))
  )
})

/** The heads that trained beside an adapter; none where the folder has no such file. */
export const headsBeside = Effect.fnUntraced(function* (folder: string) {
  const fs = yield* FileSystem.FileSystem
  const file = `${folder}/${HEADS}`
  const none: Params = {}
  return (yield* fs.exists(file).pipe(Effect.orElseSucceed(() => false))) ? yield* tensorsOf(file) : none
})
