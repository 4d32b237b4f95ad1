import { type Head, type ModelConfig, parameterSpecs } from "../model/index.ts"
import type { Spec } from "../program/index.ts"

/** A module of a decoder, named as in its checkpoint: whatever holds parameters, or modules that do. */
export interface Module {
  readonly name: string
  /** `tied`: a projection whose weight is the embedding table. */
  readonly kind: "linear" | "embedding" | "tied" | "other"
  /** Sizes of the weight of a linear module. */
  readonly out: number
  readonly width: number
}

const kindOf = (name: string, weight: Spec | undefined): Module["kind"] =>
  weight?.shape.length !== 2 ? "other" : name.endsWith("embed_tokens") ? "embedding" : "linear"

/** The modules that hold a parameter, from the outermost in: `a.b` and `a` of a parameter `a.b.weight`. */
export const holders = (parameter: string): ReadonlyArray<string> => {
  const parts = parameter.split(".").slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join("."))
}

/** The output projection of a language model, where it is no table of its own. */
const tiedHead = (config: ModelConfig, head: Head): ReadonlyArray<Module> =>
  head === "language" && config.tie_word_embeddings
    ? [{ name: "lm_head", kind: "tied", out: config.vocab_size, width: config.hidden_size }]
    : []

/** Every module of a decoder with that head, in order of first parameter. */
export const modulesOf = (config: ModelConfig, head: Head): ReadonlyArray<Module> => {
  const specs = parameterSpecs(config, head)
  const modules = [...new Set(Object.keys(specs).flatMap(holders))].map((name): Module => {
    const weight = specs[`${name}.weight`]
    return { name, kind: kindOf(name, weight), out: weight?.shape[0] ?? 0, width: weight?.shape[1] ?? 0 }
  })
  return [...modules, ...tiedHead(config, head)]
}
