import type { ResultRow } from "../../core/data/index.ts"
import type { Sequence } from "../../core/learner/index.ts"
import { offsets, pieces, type Tokenizer } from "../../core/text/index.ts"

/** A completion as token ids, and where its tokens begin in its text. */
export type TraceTokens = Required<Pick<ResultRow, "token_ids" | "token_offsets">>

const offsetsOf = ({ decode, specialIds }: Tokenizer, ids: ReadonlyArray<number>): ReadonlyArray<number> => {
  const ends = ids.length > 0 && specialIds.has(ids.at(-1)!)
  const starts = Array.from(offsets(pieces({ decode }, ends ? ids.slice(0, -1) : ids)))
  return ends ? starts : starts.slice(0, -1)
}

/**
 * The tokens of a row's completion: its own where they spell its text in this vocabulary, else those of the text, with
 * the end token unless the row says that it was cut. Completions are told from prompts by their ids, never by counting
 * back from the end of a rendered conversation.
 */
export const traceTokens = (row: ResultRow, tokenizer: Tokenizer): TraceTokens => {
  const stored = row.token_ids
  if (stored?.every((id) => id < tokenizer.vocabSize) && tokenizer.decode(stored) === row.generation.content)
    return { token_ids: stored, token_offsets: offsetsOf(tokenizer, stored) }
  const ids = tokenizer.encode(row.generation.content)
  const token_ids = row.finish_reason === "length" || row.finish_reason === "abort" ? ids : [...ids, tokenizer.eosId]
  return { token_ids, token_offsets: offsetsOf(tokenizer, token_ids) }
}

/** Whether a model can read the whole of a trace: one that is too long is left unscored, never cut. */
export const fitsContext = ({ prompt, completion }: Sequence.Sequence, contextLength: number): boolean =>
  completion.length > 0 && prompt.length + completion.length <= contextLength
