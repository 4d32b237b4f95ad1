import { Effect, FileSystem } from "effect"
import { CheckpointRejected, save } from "../../core/checkpoint/index.ts"
import type { Params } from "../../core/learner/index.ts"
import type { ModelConfig, Safetensors } from "../../core/model/index.ts"
import type { RunDirectory } from "../../core/run/index.ts"
import type { ModelTexts } from "./modelTexts.ts"

/** A model as it is written down. */
export interface WrittenModel {
  readonly config: ModelConfig
  readonly params: Params
  /** What stands beside the weights. */
  readonly texts: ModelTexts
  /** `language`: next-token logits; `reward`: `score.weight` [1, D] on every token. */
  readonly head: "language" | "reward"
  /** How weights are stored, F32 by default. */
  readonly format?: Safetensors.FloatFormat
}

/** Writes a model into a folder of the run as other tools read it, in place of what an earlier session left there; returns its path. */
export const writeModel = Effect.fnUntraced(function* (
  directory: RunDirectory.RunDirectory,
  name: string,
  { config, params, texts, head, format = "F32" }: WrittenModel
) {
  const fs = yield* FileSystem.FileSystem
  const folder = `${directory.path}/${name}`
  const storage = (cause: { readonly message: string }) =>
    new CheckpointRejected({ kind: "storage", file: folder, reason: cause.message, cause })
  yield* fs.remove(folder, { recursive: true, force: true }).pipe(Effect.mapError(storage))
  const parameter = (tensor: string) => Effect.succeed(params[tensor]!)
  // By name, so that equal weights are equal files, whatever order a restored run holds them in.
  const parameters = Object.fromEntries(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)))
  yield* save(folder, { config, head, parameter, parameters, texts }, { format })
  return folder
})
