import { Effect } from "effect"
import { type StoredAdapter, toFiles } from "../../core/adapter/index.ts"
import { RunDirectory } from "../../core/run/index.ts"
import type { ModelTexts } from "./modelTexts.ts"

/** Writes an adapter into a folder of the run in PEFT's layout, with its base's tokenizer; returns its path. */
export const writeAdapter = Effect.fnUntraced(function* (
  directory: RunDirectory.RunDirectory,
  folder: string,
  { texts, ...stored }: StoredAdapter & { readonly texts: ModelTexts }
) {
  const { config, tensors } = toFiles(stored)
  const files = { ...texts, "adapter_model.safetensors": tensors, "adapter_config.json": config }
  for (const [name, content] of Object.entries(files))
    yield* RunDirectory.writeArtifact(directory, `${folder}/${name}`, content)
  return `${directory.path}/${folder}`
})
