import { describe, expect, it } from "vitest"
import { StepRules, stepEnds } from "../src/core/text/index.ts"

/** Tokens as in the note: cells apart by spaces, `_` a space in the piece, `\n` a newline, `|` an expected end. */
const read = (cells: string) => {
  const pieces: Array<string> = []
  const ends: Array<number> = []
  for (const cell of cells.trim().split(/\s+/)) {
    if (cell === "|") ends.push(pieces.length - 1)
    else pieces.push(cell.replaceAll("\\n", "\n").replace(/^_|_$/g, " "))
  }
  return { pieces, ends }
}
const claims: ReadonlyArray<readonly [claim: string, cells: string]> = [
  [
    "the worked example of the note",
    String.raw`<think> \n First , _3 . 5 _is _more . | \n Dr . _Wu _agrees : | \n -_ | one \n \n | </think> | <answer> \n 4 \n </answer> <eos> |`
  ],
  ["a sentence end", "He _ran . | _She _sat _down |"],
  ["question and exclamation marks, semicolons", "Why ? | _No ! | _a ; | _b |"],
  ["a dot with a trailing space in its token", "Yes ._ | No |"],
  ["a dot inside a token is no end", "a.b _c |"],
  ["abbreviations, any case, with inner dots", "See _e.g . _this , _i.e . _that , _Prof . _X _vs . _Y |"],
  ["a dot before a digit", "It _is _3 . 1 4 | "],
  ["a dot before a space and a digit ends", "It _is _3 . | _4 _more |"],
  ["a colon before a digit ends", "at _3 : | 4 5 |"],
  ["a newline after a bracket ends by (b)", String.raw`f ( x ) \n | y |`],
  ["a newline after a word does not", String.raw`word \n more |`],
  ["two newlines end, further blanks add none", String.raw`word \n\n | \n _ \n more |`],
  ["a dot and its newline in one token", String.raw`word .\n | more |`],
  ["numbers of a list up to ten", String.raw`a \n 1 . | x \n 1 0 . | y \n 1 1 . | z |`],
  ["hashes before an answer", "so _ #### | _7 |"],
  ["leading tags and blanks end nothing", String.raw`<think> \n\n </think> <|im_end|> \n\n a . |`],
  ["a tag in several tokens is no visible text", String.raw`< think > \n\n a _b |`],
  ["end-of-turn tokens", "a <|im_end|> | b <|eot_id|> | c |"],
  ["one token", "a |"],
  ["nothing", ""]
]

describe("stepEnds with the sentence rule", () => {
  for (const [claim, cells] of claims)
    it(`golden: ${claim}`, () => {
      const { pieces, ends } = cells === "" ? { pieces: [], ends: [] } : read(cells)
      expect(stepEnds(pieces)).toEqual(ends)
    })
})

describe("stepEnds with the line rule", () => {
  it("golden: an equation a line, and all after the trace in one", () => {
    const cells = String.raw`<think> \n 1 _+ 2 _= 3 \n | so 3 _+ 1 _= 4 \n | </think> \n <answer> \n 4 \n </answer> <eos> |`
    const { pieces, ends } = read(cells)
    expect(stepEnds(pieces, StepRules.lines)).toEqual(ends)
  })
})
