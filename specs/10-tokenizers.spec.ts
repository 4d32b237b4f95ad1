import { readFileSync } from "node:fs"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { fromJson, trainBpe, type Vocabulary, wordLevel, wordLevelJson } from "../src/core/text/index.ts"

interface Case {
  readonly text: string
  readonly ids: ReadonlyArray<number>
  readonly decoded: string
}
interface Fixture {
  readonly bpe: {
    readonly corpus: ReadonlyArray<string>
    readonly vocabSize: number
    readonly merges: ReadonlyArray<string>
    readonly vocab: Readonly<Record<string, number>>
    readonly cases: ReadonlyArray<Case>
  }
  readonly wordLevel: {
    readonly vocabulary: Vocabulary
    readonly tokenizer: unknown
    readonly cases: ReadonlyArray<Case>
  }
}
const fixture: Fixture = JSON.parse(readFileSync(new URL("fixtures/vocabularies.json", import.meta.url), "utf8"))

describe("trainBpe", () => {
  const { corpus, vocabSize, merges, vocab, cases } = fixture.bpe
  const trained = trainBpe(corpus, { vocabSize, markers: ["<think>", "</think>"] })
  it("golden: finds the merges and the ids of the peer's trainer", () => {
    expect(trained.tokenizer).toMatchObject({ model: { merges, vocab } })
  })
  it("golden: encodes and decodes as the peer does, seen text or not", () => {
    const tokenizer = Result.getOrThrow(fromJson(trained.tokenizer, trained.config))
    for (const { text, ids, decoded } of cases) {
      expect(tokenizer.encode(text)).toEqual(ids)
      expect(tokenizer.decode(ids)).toBe(decoded)
      expect(decoded).toBe(text)
    }
  })
})

describe("wordLevel", () => {
  const { vocabulary, tokenizer: built, cases } = fixture.wordLevel
  it("golden: builds the tokenizer.json that the peer has loaded", () => {
    expect(wordLevelJson(vocabulary).tokenizer).toEqual(built)
  })
  it("golden: gives the peer's ids and text, and the text round-trips", () => {
    const tokenizer = Result.getOrThrow(wordLevel(vocabulary))
    for (const { text, ids, decoded } of cases) {
      expect(tokenizer.encode(text)).toEqual(ids)
      expect(tokenizer.decode(ids)).toBe(decoded)
      expect(decoded).toBe(text)
    }
  })
})
