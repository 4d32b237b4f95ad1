import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { wordLevel } from "../../src/core/text/index.ts"
import { endSupervised, maskNotEmpty, roundTrip, truncation } from "../../src/experiments/doctor/index.ts"

const words = Result.getOrThrow(wordLevel({ words: ["one", "two"] }))
const reasonOf = (verdict: ReturnType<typeof maskNotEmpty>): string =>
  verdict._tag === "Passed" ? verdict.found : verdict.reason

describe("token round trip", () => {
  it("golden: texts of the vocabulary come back", () =>
    expect(roundTrip(words, { texts: ["one two", "two"], rows: words.vocabSize })).toEqual({
      _tag: "Passed",
      found: "2 texts"
    }))

  it("error: a word that the tokenizer does not have", () =>
    expect(roundTrip(words, { texts: ["three"], rows: words.vocabSize })._tag).toBe("Failed"))

  it("error: a tokenizer of a larger model, whose ids the table does not hold", () => {
    const verdict = roundTrip(words, { texts: ["one two"], rows: words.encode("two")[0]! })
    expect(verdict._tag).toBe("Failed")
    expect(reasonOf(verdict)).toContain("the model's table ends at")
  })

  it("error: a tokenizer that changes what it reads", () => {
    const lower = { ...words, encode: (text: string) => words.encode(text.toLowerCase()) }
    const verdict = roundTrip(lower, { texts: ["One"], rows: words.vocabSize })
    expect(verdict).toMatchObject({ _tag: "Failed", reason: '"One" comes back as "one"' })
  })

  it("error: nothing to try is no success", () => expect(roundTrip(words, { texts: [], rows: 9 })._tag).toBe("Failed"))
})

describe("mask", () => {
  it("golden: completion tokens out of all", () =>
    expect(maskNotEmpty([{ prompt: [1, 2], completion: [3, 4, 0] }])).toEqual({
      _tag: "Passed",
      found: "3 of 5 tokens are learned"
    }))

  it("error: a demonstration of nothing but its end, of nothing at all, without a prompt; no demonstration", () => {
    const whole = { prompt: [1], completion: [2, 0] }
    for (const sequences of [
      [whole, { prompt: [1], completion: [0] }],
      [whole, { prompt: [1], completion: [] }],
      [whole, { prompt: [], completion: [2, 0] }],
      []
    ])
      expect(maskNotEmpty(sequences)._tag).toBe("Failed")
  })
})

describe("end of text", () => {
  it("golden: every demonstration ends in one of the tokens that stop", () =>
    expect(
      endSupervised(
        [
          { prompt: [1], completion: [2, 0] },
          { prompt: [1], completion: [9] }
        ],
        [0, 9]
      )._tag
    ).toBe("Passed"))

  it("error: an end token that the sampler does not stop at, or that stands in the middle", () => {
    expect(reasonOf(endSupervised([{ prompt: [1], completion: [2, 0] }], [9]))).toContain("never learn to end")
    expect(reasonOf(endSupervised([{ prompt: [1], completion: [0, 2, 0] }], [0]))).toContain("would cut it there")
    expect(endSupervised([], [0])._tag).toBe("Failed")
  })
})

describe("truncation", () => {
  const out = (prompts: number, completions: number) => ({
    train: { prompts, completions },
    validation: { prompts: 0, completions: 0 },
    test: { prompts: 9, completions: 9 }
  })
  const used = { problems: 90, demonstrations: 60 }

  it("golden: nothing left out, some, more than half", () => {
    expect(truncation(out(0, 0), used)._tag).toBe("Passed")
    expect(truncation(out(10, 20), used)).toMatchObject({
      _tag: "Warned",
      reason: "10 prompts and 20 completions are too long, 25.0% at most; they are left out"
    })
    expect(truncation(out(0, 61), used)._tag).toBe("Failed")
  })
})
