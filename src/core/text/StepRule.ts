/** The text around the end of one token, as a step rule sees it. */
export interface TokenEnd {
  /** End of the text decoded so far, this token included: the last `TAIL` characters or fewer. */
  readonly tail: string
  /** The text that this token adds. */
  readonly piece: string
  /** The text that the next token adds; "" for the last. */
  readonly next: string
}

/** Longest tail that a rule may look back on, in characters. */
export const TAIL = 96

/** Says whether a step of a trace ends with a token. A value of this type is all that tells one segmentation from another. */
export interface StepRule {
  readonly name: string
  readonly endsStep: (at: TokenEnd) => boolean
}

/** Words whose dot ends no sentence, in lower case, without the dot. */
export const abbreviations: ReadonlySet<string> = new Set(
  "e.g i.e etc vs cf mr mrs ms dr prof st jr sr no nos fig figs eq eqs sec secs ch vol pp resp approx al ca viz inc".split(
    " "
  )
)

const MARK =
  /(?:<\/think>|<\|im_end\|>|<\|eot_id\|>|<\|end_of_text\|>|<\|endoftext\|>|<\|eos\|>|<eos>|<\/s>|####|\n\n|[.!?;:]\n|\n[-*] |\n•|\n(?:[1-9]|10)\.)$/

const LAST_VISIBLE_BEFORE_NEWLINE = /[.!?;:)]\s*\n$/

const afterAbbreviation = (sentence: string): boolean => {
  const word = /(?:^|[\s("'[])([A-Za-z][A-Za-z.]*)\.$/.exec(sentence)?.[1]
  return word !== undefined && abbreviations.has(word.toLowerCase())
}

/**
 * Sentences, lines of a list, blank lines and closing tags. A token ends a step if the text so far ends with
 *
 * (a) a closing think tag, an end-of-turn or end-of-text token, `####`, two newlines, one of `. ! ? ; :` and a
 *     newline, a newline and a bullet, or a newline and `1.` to `10.`; or
 * (b) the token holds a newline, the text ends in one, and the last visible character before it is one of
 *     `. ! ? ; : )`; or
 * (c) the text less its trailing space ends in one of `. ! ? ; :` and the token is not blank. A dot does not count
 *     after an abbreviation or before a digit.
 */
export const sentences: StepRule = {
  name: "sentences",
  endsStep: ({ tail, piece, next }) => {
    if (MARK.test(tail)) return true
    if (piece.includes("\n") && LAST_VISIBLE_BEFORE_NEWLINE.test(tail)) return true
    if (piece.trim() === "") return false
    const sentence = tail.trimEnd()
    if (!/[.!?;:]$/.test(sentence)) return false
    if (!sentence.endsWith(".")) return true
    const beforeDigit = sentence.length === tail.length && /^[0-9]/.test(next)
    return !beforeDigit && !afterAbbreviation(sentence)
  }
}

/** A line that ends here and shows more than tags. */
const SHOWN_LINE = /(?:^|\n)[^\n]*[^\s<>][^\n]*\n$/
const TAGS_ONLY = /(?:^|\n)[^\S\n]*(?:<[^<>\n]+>[^\S\n]*)+\n$/

/** A step a line, for traces that write one equation a line; all from the line of a closing think tag on is the last. */
export const lines: StepRule = {
  name: "lines",
  endsStep: ({ tail }) => SHOWN_LINE.test(tail) && !TAGS_ONLY.test(tail) && !tail.includes("<answer>")
}
