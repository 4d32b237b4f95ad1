import type { Tokenizer } from "./Tokenizer.ts"

const REPLACEMENT = "\uFFFD"

/** Tokens after which a window that never completes a character is cut; a character has at most 4 bytes. */
const LONGEST_WINDOW = 32

/** Tokens kept when it is cut: enough to hold every byte of an unfinished character. */
const KEPT = 4

/**
 * The text that each token adds to the decoded sequence, special tokens shown: pieces[t] is decode(ids[0..t]) less
 * decode(ids[0..t-1]), and all pieces together are the decoded text. A character of several tokens belongs to the
 * token that completes it; the earlier ones add "".
 *
 * Decodes only a short window at each token, so the whole costs O(T), not O(T²).
 */
export const pieces = (tokenizer: Pick<Tokenizer, "decode">, ids: ReadonlyArray<number>): ReadonlyArray<string> => {
  const out: Array<string> = []
  // Decoding starts at `from`, one emission before what is new, since decoders treat a sequence's start specially.
  let from = 0
  let next = 0
  let shown = 0
  for (let t = 0; t < ids.length; t++) {
    const text = tokenizer.decode(ids.slice(from, t + 1), { special: "keep" })
    const pending = text.endsWith(REPLACEMENT) && t < ids.length - 1
    // An unfinished character shows as one trailing replacement mark; all before it stays as it is.
    const stable = pending ? text.slice(0, -1) : text
    out.push(stable.slice(shown))
    shown = Math.max(shown, stable.length)
    if (!pending) {
      from = next
      next = t + 1
      shown = tokenizer.decode(ids.slice(from, next), { special: "keep" }).length
    } else if (t - from >= LONGEST_WINDOW) {
      from = t + 1 - KEPT
      next = from
      const rest = tokenizer.decode(ids.slice(from, t + 1), { special: "keep" })
      shown = rest.endsWith(REPLACEMENT) ? rest.length - 1 : rest.length
    }
  }
  return out
}

/** Start of each piece in the whole text, and the text's length at the end: [T + 1], in UTF-16 units. */
export const offsets = (parts: ReadonlyArray<string>): Int32Array => {
  const out = new Int32Array(parts.length + 1)
  for (const [t, part] of parts.entries()) out[t + 1] = out[t]! + part.length
  return out
}

/** A half-open range of characters or of tokens. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** The tokens that hold any character of a range; an empty range of tokens where it holds none. */
export const tokensOf = (pieceOffsets: Int32Array, { start, end }: Span): Span => {
  const T = pieceOffsets.length - 1
  let first = 0
  while (first < T && pieceOffsets[first + 1]! <= start) first++
  let last = first
  while (last < T && pieceOffsets[last]! < end) last++
  return { start: first, end: last }
}
