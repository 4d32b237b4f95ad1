import { Result } from "effect"
import type { ModelConfig } from "../model/index.ts"
import type { Tokenizer } from "../text/index.ts"
import { CheckpointRejected } from "./errors.ts"
import type { GenerationConfig } from "./GenerationConfig.ts"

/** What a model and its tokenizer agree on. */
export interface Vocabulary {
  /** Ids below it may be drawn. Rows of the embedding from here on are padding that no text can mean. */
  readonly size: number
  /** Rows of the embedding that are padding. */
  readonly padding: number
  /** Any of these ends a completion: those of generation_config.json, of config.json, and the tokenizer's. */
  readonly stopIds: ReadonlyArray<number>
  /** Ids below `size` that the tokenizer gives to nothing: drawn, they decode to "". Nearly always empty. */
  readonly unspelt: ReadonlyArray<number>
}

/** The part of a tokenizer that a model has to fit. */
export type Vocabularied = Pick<Tokenizer, "vocabSize" | "eosId" | "tokenText">

/**
 * Holds a tokenizer against the model beside it: every id that it can give has a row in the embedding, and every id
 * that is to end a completion is one of its tokens.
 */
export const agree = (
  folder: string,
  config: ModelConfig,
  generation: GenerationConfig,
  tokenizer: Vocabularied
): Result.Result<Vocabulary, CheckpointRejected> => {
  const { vocabSize } = tokenizer
  const mismatch = (file: string, reason: string) =>
    Result.fail(new CheckpointRejected({ kind: "mismatch", file: `${folder}/${file}`, reason }))
  if (vocabSize > config.vocab_size) {
    const rows = `the model's embedding has only ${config.vocab_size} rows (vocab_size)`
    return mismatch("tokenizer.json", `it gives ids up to ${vocabSize - 1}, but ${rows}`)
  }
  const named = [
    ...generation.eosIds.map((id) => ["generation_config.json", id] as const),
    ...config.eos_token_id.map((id) => ["config.json", id] as const)
  ]
  const stray = named.find(([, id]) => tokenizer.tokenText(id) === undefined)
  if (stray !== undefined) {
    return mismatch(stray[0], `eos_token_id ${stray[1]} is no token of the tokenizer, so it would end nothing`)
  }
  return Result.succeed({
    size: vocabSize,
    padding: config.vocab_size - vocabSize,
    stopIds: [...new Set([...named.map(([, id]) => id), tokenizer.eosId])],
    unspelt: Array.from({ length: vocabSize }, (_, id) => id).filter((id) => tokenizer.tokenText(id) === undefined)
  })
}
