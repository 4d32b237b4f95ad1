/**
 * Where reasoning steps end: a function from the text pieces of a completion's tokens (which joined give its text) to
 * one flag a token. Rules look at decoded text, results are about tokens.
 */
export type StepRules = (pieces: ReadonlyArray<string>) => ReadonlyArray<boolean>

/** Characters of decoded text that the rules look back on; the longest pattern is an abbreviation with its space. */
const LOOK_BACK = 48

const MARKUP = /<\/?(?:think|answer)>|<\|[^|>]*\|>|<\/?s>|<(?:eos|bos|pad)>/gu

const CLOSES =
  /(?:<\/think>|<\|im_end\|>|<\|eot_id\|>|<\|endoftext\|>|<\|end_of_text\|>|<\/s>|<eos>|####|\n\n+|[.!?;:]\n|\n[-*•] |\n(?:10|[1-9])\.)$/u

const PUNCTUATED_LINE = /[.!?;:)]\s*\n$/u

const SENTENCE_END = /[.!?;:]$/u

const ABBREVIATION =
  /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|al|approx|mr|mrs|ms|dr|prof|st|no|fig|eq|sec|ch|vol|pp|p|resp|ca|dept|inc|jr|sr)\.$/iu

/**
 * The step rules of the reference system. A token ends a step when the text so far ends with
 *
 * 1. a closing think tag, an end-of-turn special, `####`, two or more newlines, one of `. ! ? ; :` and a newline,
 *    a newline and a bullet, or a newline and `1.` to `10.`; or
 * 2. a newline in this token after a line whose last visible character is one of `. ! ? ; : )`; or
 * 3. one of `. ! ? ; :` once trimmed, the token not being blank; a dot after a known abbreviation or before a digit
 *    does not count.
 *
 * No step ends before the first visible character (tags do not count), nor on a blank token right after a boundary.
 * The last token always ends one.
 *
 * @see specs/12-granularity.md
 */
export const prose: StepRules = (pieces) => {
  const flags: Array<boolean> = []
  let tail = ""
  let visible = false
  let afterBoundary = false
  for (const [t, piece] of pieces.entries()) {
    tail = (tail + piece).slice(-LOOK_BACK)
    visible ||= tail.replace(MARKUP, "").trim() !== ""
    const blank = piece.trim() === ""
    const trimmed = tail.trimEnd()
    const dotInside =
      trimmed.endsWith(".") && (ABBREVIATION.test(trimmed) || (trimmed === tail && /^\d/u.test(pieces[t + 1] ?? "")))
    const ends =
      CLOSES.test(tail) ||
      (piece.includes("\n") && PUNCTUATED_LINE.test(tail)) ||
      (!blank && SENTENCE_END.test(trimmed) && !dotInside)
    const flag: boolean = visible && ends && !(blank && afterBoundary)
    flags.push(flag)
    afterBoundary = flag || (blank && afterBoundary)
  }
  if (flags.length > 0) flags[flags.length - 1] = true
  return flags
}

/** A step is a line that holds something visible; the last token always ends one. */
export const lines: StepRules = (pieces) => {
  const flags: Array<boolean> = []
  let line = ""
  for (const piece of pieces) {
    const ends = piece.includes("\n") && (line + piece).replace(MARKUP, "").trim() !== ""
    flags.push(ends)
    line = piece.includes("\n") ? piece.slice(piece.lastIndexOf("\n") + 1) : line + piece
  }
  if (flags.length > 0) flags[flags.length - 1] = true
  return flags
}
