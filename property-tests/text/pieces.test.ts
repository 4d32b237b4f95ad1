import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fromJson, offsets, pieces, tokensOf, trainBpe } from "../../src/core/text/index.ts"

const trained = trainBpe(["the cat sat on the mat; the cat ran. 12 34"], { vocabSize: 300, markers: ["<think>"] })
const tokenizer = Result.getOrThrow(fromJson(trained.tokenizer, trained.config))
const anyIds = fc.array(fc.integer({ min: 0, max: tokenizer.vocabSize - 1 }), { maxLength: 80 })
const anyText = fc.string({ unit: "grapheme" }).filter((s) => s.isWellFormed())

describe("pieces", () => {
  it("law: together they are the decoded text, for any ids (broken characters too)", () => {
    fc.assert(
      fc.property(anyIds, (ids) => {
        expect(pieces(tokenizer, ids).join("")).toBe(tokenizer.decode(ids, { special: "keep" }))
      }),
      { seed: 42, numRuns: 500 }
    )
  })
  it("law: the same for text, and byte-level decode after encode is the identity", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = tokenizer.encode(text)
        expect(tokenizer.decode(ids, { special: "keep" })).toBe(text)
        expect(pieces(tokenizer, ids).join("")).toBe(text)
      }),
      { seed: 42, numRuns: 300 }
    )
  })
  it("law: a piece depends on no later token, save that an unfinished character waits", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ids = tokenizer.encode(text)
        const all = pieces(tokenizer, ids)
        for (let t = 1; t < ids.length; t++) {
          const before = tokenizer.decode(ids.slice(0, t), { special: "keep" })
          if (!before.endsWith("\uFFFD")) expect(all.slice(0, t).join("")).toBe(before)
        }
      }),
      { seed: 42, numRuns: 100 }
    )
  })
  it("edge: many invalid bytes in a row cost no more than their number", () => {
    const byte = tokenizer.tokenId("ÿ")!
    const ids = new Array<number>(20_000).fill(byte)
    const start = performance.now()
    expect(pieces(tokenizer, ids).join("")).toHaveLength(20_000)
    expect(performance.now() - start).toBeLessThan(5_000)
  })
})

describe("tokensOf", () => {
  it("law: the tokens of a range are just those that hold one of its characters", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 4 })), fc.nat(20), fc.nat(20), (parts, a, b) => {
        const at = offsets(parts)
        const length = at.at(-1)!
        const start = Math.min(a, b, length)
        const end = Math.min(Math.max(a, b), length)
        const { start: first, end: last } = tokensOf(at, { start, end })
        const holding = parts.flatMap((part, t) => (part !== "" && at[t]! < end && at[t + 1]! > start ? [t] : []))
        for (const t of holding) expect(t >= first && t < last).toBe(true)
        for (let t = first; t < last; t++) expect(parts[t] === "" || holding.includes(t)).toBe(true)
      }),
      { seed: 42, numRuns: 500 }
    )
  })
})
