import { Effect } from "effect"
import { mapInto } from "../../core/checkpoint/index.ts"
import { SharedBases } from "../../core/learner/index.ts"
import { Backend } from "../../core/service/index.ts"
import { usualBlock } from "../../core/transform/index.ts"
import type { FolderModel } from "./readModel.ts"

/** A model's weights as a base for adapters: read where they lie, or held in 4 bits; once, whoever reads them. */
export const sharedBase = Effect.fnUntraced(function* (
  { files, config }: Pick<FolderModel, "files" | "config">,
  { fourBit }: { readonly fourBit: boolean }
) {
  const backend = yield* Backend
  const memory = yield* backend.memory
  yield* mapInto(memory, files)
  return yield* SharedBases.make({
    config,
    memory,
    linked: true,
    ...(fourBit ? { fourBit: { block: usualBlock } } : {})
  })
})
