import { Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fromJson, trainBpe, type Vocabulary, wordLevel } from "../../src/core/text/index.ts"

const vocabulary: Vocabulary = {
  markers: ["<think>", "</think>"],
  marks: [".", ",", "?", "\n"],
  operators: ["+", "-", "="],
  words: ["Ann", "Ben's", "has", "apples"]
}
const tokenizer = Result.getOrThrow(wordLevel(vocabulary))

/** Text spaced as `wordLevel` says, from any sequence of tokens: a second statement of its rules. */
const spaced = (tokens: ReadonlyArray<string>): string => {
  let out = ""
  for (const token of tokens) {
    const lineStart = out === "" || out.endsWith("\n")
    const spacedToken = /^[A-Za-z+=-]/.test(token) && !lineStart
    const number = /^\d/.test(token) && !lineStart && !/\d$/.test(out)
    out += spacedToken || number ? ` ${token}` : token
  }
  return out
}
const anyTokens = fc.array(
  fc.constantFrom("Ann", "Ben's", "has", "apples", ".", ",", "?", "\n", "+", "-", "=", "0", "7", "12")
)

describe("wordLevel", () => {
  it("law: decode after encode is the identity on text spaced by the rules", () => {
    fc.assert(
      fc.property(anyTokens, (tokens) => {
        const text = spaced(tokens)
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
      }),
      { seed: 42, numRuns: 500 }
    )
  })
  it("law: one token a word, sign and digit", () => {
    fc.assert(
      fc.property(anyTokens, (tokens) => {
        expect(tokenizer.encode(spaced(tokens))).toHaveLength(
          tokens.join("").replace(/[A-Za-z']+/g, "w").length - adjacent(tokens)
        )
      }),
      { seed: 42, numRuns: 200 }
    )
  })
  it("edge: special tokens are in the ids and in no shown text", () => {
    const ids = [...tokenizer.encode("Ann has 7"), tokenizer.eosId, tokenizer.padId]
    expect(tokenizer.decode(ids)).toBe("Ann has 7")
    expect(tokenizer.decode(ids, { special: "keep" })).toContain("<eos>")
    expect(tokenizer.decode([])).toBe("")
    expect(tokenizer.decode([9999])).toBe("")
  })
  it("error: text outside the vocabulary is named, never an unknown token", () => {
    expect(() => tokenizer.encode("Ann has pears")).toThrow(/cannot spell " pears"/)
    expect(() => tokenizer.encode("Ann has é")).toThrow(/cannot spell "é"/)
  })
  it("error: a vocabulary that cannot be written says why", () => {
    const reason = (v: Vocabulary) => Result.match(wordLevel(v), { onFailure: (e) => e.message, onSuccess: () => "" })
    expect(reason({ words: ["two words"] })).toContain('"two words"')
    expect(reason({ words: ["a", "a"] })).toContain("listed twice")
    expect(reason({ words: [], marks: ["3"] })).toContain('"3"')
  })
})

/** Joined words merge in the count above: a word directly after a word. */
const adjacent = (tokens: ReadonlyArray<string>): number =>
  -tokens.filter((token, i) => /^[A-Za-z']/.test(token) && i > 0 && /[A-Za-z']$/.test(tokens[i - 1]!)).length

describe("fromJson", () => {
  const { tokenizer: json, config } = trainBpe(["hello world , hello ."], { vocabSize: 270 })
  const base = json as Record<string, unknown>
  it("law: stored truncation and padding change nothing", () => {
    const stored = {
      ...base,
      truncation: { max_length: 2, strategy: "LongestFirst", stride: 0, direction: "Right" },
      padding: { strategy: { Fixed: 64 }, direction: "Right", pad_id: 0, pad_type_id: 0, pad_token: "<|pad|>" }
    }
    const [a, b] = [json, stored].map((j) => Result.getOrThrow(fromJson(j, config)))
    expect(b!.encode("hello world hello")).toEqual(a!.encode("hello world hello"))
  })
  it("law: decoded text is never cleaned up, whatever the config asks", () => {
    const cleaning = { ...(config as object), clean_up_tokenization_spaces: true }
    const t = Result.getOrThrow(fromJson(json, cleaning))
    expect(t.decode(t.encode("hello , world ."))).toBe("hello , world .")
  })
  it("edge: without a pad token eos pads; token names may be objects", () => {
    const t = Result.getOrThrow(fromJson(json, { eos_token: { content: "<|eos|>" }, pad_token: null }))
    expect([t.eosId, t.padId]).toEqual([1, 1])
  })
  it("error: another object, and a missing end token", () => {
    const reason = (j: unknown, c: unknown) =>
      Result.match(fromJson(j, c, "x/tokenizer.json"), { onFailure: (e) => e.message, onSuccess: () => "" })
    expect(reason({ a: 1 }, {})).toContain("x/tokenizer.json")
    expect(reason(json, {})).toContain("eos_token")
  })
  it("error: a vocabulary or merges that do not hold together, which the library would load", () => {
    const model = { type: "BPE", vocab: { a: 0, b: 1, ab: 2, "<|eos|>": 3 }, merges: ["a b"] }
    const reason = (change: object) =>
      Result.match(fromJson({ ...base, added_tokens: [], model: { ...model, ...change } }, { eos_token: "<|eos|>" }), {
        onFailure: (e) => e.message,
        onSuccess: () => ""
      })
    expect(reason({})).toBe("")
    expect(reason({ merges: [["a", "b"]] })).toBe("")
    expect(reason({ vocab: null })).toContain("model.vocab")
    expect(reason({ vocab: { ...model.vocab, b: 0 } })).toContain('"a" and "b" have the same id 0')
    expect(reason({ vocab: { ...model.vocab, b: -1 } })).toContain('"b" has the id -1')
    expect(reason({ merges: {} })).toContain("are no list")
    for (const merge of ["a c", "b a", "ab", ["a"], 3])
      expect(reason({ merges: [merge] })).toMatch(/does not join two entries.*save_pretrained/)
  })
  it("error: what the library does otherwise than the Python packages: tokens that look about, open (?i:…)", () => {
    const reason = (j: unknown) =>
      Result.match(fromJson(j, config), { onFailure: (e) => e.message, onSuccess: () => "" })
    const added = base["added_tokens"] as ReadonlyArray<object>
    for (const way of ["single_word", "lstrip", "rstrip"])
      expect(reason({ ...base, added_tokens: [{ ...added[0], [way]: true }] })).toMatch(
        new RegExp(`"<\\|pad\\|>" looks at what stands beside it \\(${way}\\).*Set "${way}": false`)
      )
    const split = (pattern: string) => ({
      type: "Split",
      pattern: { Regex: pattern },
      behavior: "Isolated",
      invert: false
    })
    expect(reason({ ...base, pre_tokenizer: split("(?i:[a-z]+)|x") })).toMatch(/ignores case for more than plain words/)
    expect(reason({ ...base, pre_tokenizer: split("(?i:'s|'t)|x") })).toBe("")
  })
  it("edge: the byte-level split that adds a space does so at the start of each part, and U+0085 is white space", () => {
    const own = { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true }
    const spaced = Result.getOrThrow(fromJson({ ...base, pre_tokenizer: own }, config))
    expect(spaced.decode(spaced.encode("hello"))).toBe(" hello")
    const words = spaced.encode("hello  \u0085")
    expect(words.map(spaced.tokenText)).toEqual([...spaced.encode("hello").map(spaced.tokenText), "Ġ", "Ġ", "Â", "ħ"])
  })
})
