/**
 * Text to token ids and back, as a value. Encoding adds no special tokens: a rendered prompt already holds its own.
 *
 * decode(encode(text)) is the text where the vocabulary can spell it; encode(decode(ids)) need not be ids.
 */
export interface Tokenizer {
  /** Ids 0..vocabSize-1; a model's embedding may have more rows, which are never sampled. */
  readonly vocabSize: number
  readonly eosId: number
  readonly padId: number
  readonly bosId?: number
  /** Ids that stand for no text of the task (eos, pad, turn markers): not shown by `decode` unless asked. */
  readonly specialIds: ReadonlySet<number>
  readonly encode: (text: string) => ReadonlyArray<number>
  /** Text of the ids; special tokens are left out unless `special: "keep"`. */
  readonly decode: (ids: ReadonlyArray<number>, options?: { readonly special?: "drop" | "keep" }) => string
  /** The entry of one id as the vocabulary spells it, e.g. "Ġthe"; undefined outside the vocabulary. */
  readonly tokenText: (id: number) => string | undefined
  /** The id that the vocabulary gives to this entry. */
  readonly tokenId: (text: string) => number | undefined
  /** The standard `tokenizer.json` object, to be saved beside a checkpoint. */
  readonly json: unknown
}
