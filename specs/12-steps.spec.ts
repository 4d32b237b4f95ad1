import { describe, expect, it } from "vitest"
import { Granularities, Partitions, type TokenSequence } from "../src/core/reward/index.ts"
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
  ["end-of-text tokens", "a <|end_of_text|> | b <|endoftext|> | c <|eos|> | d </s> | e <eos> | f |"],
  ["each mark and its newline in one token by (a)", String.raw`a .\n | b !\n | c ?\n | d ;\n | e :\n | f ,\n g |`],
  [
    "bullets by (a): dash, star, dot, each with what belongs to it",
    String.raw`a \n -_ | b \n *_ | c \n • | d \n - e |`
  ],
  ["(b) needs the newline in the token: a blank after it is none", String.raw`a) _ \n | b) c |`],
  ["(b) looks past blanks to the last visible character", String.raw`a) _\n | b _\n c |`],
  ["two newlines in two tokens, the first after a word", String.raw`a \n \n | b |`],
  ["a line number is a boundary before a digit, a sentence's dot is none", String.raw`a \n 3. | 5 b 3. 5 c |`],
  ["(c) an abbreviation at the start and in brackets", "Fig. _2 (e.g. _this) x |"],
  ["(c) letters after a digit are no abbreviation", "size _5no . | _x |"],
  ["(c) a word that merely ends like an abbreviation", "I _met _Jimmr . | _So |"],
  ["a think tag inside the text, not only at its end", "a <think> b </think> | c |"],
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

describe("granularities", () => {
  const { sparse, dense, interval, stepwise, segments } = Granularities
  const words = (T: number): TokenSequence => ({ ids: [...Array(T).keys()], pieces: Array<string>(T).fill("x") })
  const steps: TokenSequence = { ids: [9, 8, 7, 6, 5], pieces: ["a", ".", " b", ".", "<eos>"] }
  const ends = (g: typeof sparse, completion: TokenSequence) => [...g.partition(completion).ends]
  it("golden: the last tokens of the units of seven tokens", () => {
    expect(ends(sparse, words(7))).toEqual([6])
    expect(ends(dense, words(7))).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(ends(interval(3), words(7))).toEqual([2, 5, 6])
    expect(ends(interval(7), words(7))).toEqual([6])
    expect(ends(interval(6), words(7))).toEqual([5, 6])
    expect(ends(stepwise(), steps)).toEqual([1, 3, 4])
  })
  it("golden: segments follow the steps, and are cut at intervals where there is one step", () => {
    expect(ends(segments(stepwise(), 2), steps)).toEqual([1, 3, 4])
    expect(ends(segments(stepwise(), 2), words(5))).toEqual([1, 3, 4])
    expect(ends(segments(sparse), words(32))).toEqual([14, 29, 31])
    expect(ends(segments(dense, 2), words(3))).toEqual([0, 1, 2])
    expect(ends(segments(sparse, 2), words(1))).toEqual([0])
    expect(ends(segments(sparse, 2), words(0))).toEqual([])
    expect(segments(sparse, 4).name).toBe("segments(sparse, 4)")
  })
  it("error: segments of no tokens", () =>
    expect(() => segments(sparse, 0)).toThrow(/positive number of tokens, got 0/))
  it("D2: units count from the first completion token, the stop token in, and are the ones that scores are read at", () => {
    const T = 7
    const partition = interval(3).partition(words(T))
    // One logit a token, as the critic gives them for the completion alone.
    const logits = Array.from({ length: T }, (_, t) => t + 0.5)
    expect([...Partitions.atEnds(partition, logits)]).toEqual([2.5, 5.5, 6.5])
    expect([...Partitions.backFill(partition, Partitions.atEnds(partition, logits))]).toEqual([
      2.5, 2.5, 2.5, 5.5, 5.5, 5.5, 6.5
    ])
    expect([...Partitions.starts(partition)]).toEqual([0, 3, 6])
    expect(Partitions.isPartition({ ...partition, ends: partition.ends.slice(0, 2) }, T)).toBe(false)
    expect([0, 2, 3, 6, 7].map((t) => Partitions.unitAt(partition, t))).toEqual([0, 0, 1, 2, undefined])
    expect([...Partitions.unitMeans(partition, logits)]).toEqual([1.5, 4.5, 6.5])
  })
  it("golden: what is a partition and what refines what", () => {
    const p = (ends: ReadonlyArray<number>, unitOf: ReadonlyArray<number>) => ({
      ends: Int32Array.from(ends),
      unitOf: Int32Array.from(unitOf)
    })
    expect(Partitions.isPartition(p([1, 2], [0, 0, 1]), 3)).toBe(true)
    expect(Partitions.isPartition(p([], []), 0)).toBe(true)
    for (const [ends, unitOf, T] of [
      [[1], [0, 0, 1], 3],
      [[1, 2], [0, 0, 1], 4],
      [[1, 1, 2], [0, 0, 2], 3],
      [[2, 1], [0, 0, 0], 3],
      [[1, 2], [0, 0], 3],
      [[1, 2], [0, 1, 1], 3],
      [[1, 2], [0, 0, 0], 3],
      [[-1, 2], [1, 1, 1], 3],
      [[0], [], 0]
    ] as const)
      expect(Partitions.isPartition(p(ends, unitOf), T)).toBe(false)
    const [fine, coarse, other] = [
      [0, 2, 4],
      [2, 4],
      [1, 4]
    ].map((e) => Partitions.fromEnds(e, 5))
    expect(Partitions.refines(fine!, coarse!)).toBe(true)
    expect(Partitions.refines(coarse!, fine!)).toBe(false)
    expect(Partitions.refines(fine!, other!)).toBe(false)
    expect([...Partitions.fromEnds([3, 0, 3], 5).ends]).toEqual([0, 3, 4])
  })
  it("error: a unit end that is no token", () => {
    for (const end of [-1, 1.5, 5, Number.NaN])
      expect(() => Partitions.fromEnds([2, end], 5)).toThrow(`Unit end ${end} is no token of a completion of 5 tokens.`)
    expect(() => Partitions.fromEnds([0], 0)).toThrow(RangeError)
  })
})
