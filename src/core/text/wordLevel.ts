import { Result } from "effect"
import { BadTokenizer } from "./errors.ts"
import type { Tokenizer } from "./Tokenizer.ts"
import { fromJson } from "./tokenizerJson.ts"

/** The closed vocabulary of a small task. Ids follow the order below. */
export interface Vocabulary {
  /** Shown in no text. Default `<pad>` and `<eos>`, ids 0 and 1. */
  readonly special?: { readonly pad: string; readonly eos: string }
  /** Tags such as `<think>`; part of the text. */
  readonly markers?: ReadonlyArray<string>
  /** One character each, written without a space before them: `.`, `,`, `?`, a newline. */
  readonly marks?: ReadonlyArray<string>
  /** One character each, written with a space before them: `+`, `=`. */
  readonly operators?: ReadonlyArray<string>
  /** Numbers are spelled by ten digit tokens. Default true. */
  readonly digits?: boolean
  /** Letters and apostrophes only. */
  readonly words: ReadonlyArray<string>
}

const WORD = /^[A-Za-z']+$/

/** Why a vocabulary cannot be written down, undefined when it can. */
const fault = ({ words, marks = [], operators = [], markers = [] }: Vocabulary): string | undefined => {
  const bad = words.find((w) => !WORD.test(w))
  if (bad !== undefined) return `the word ${JSON.stringify(bad)} holds more than letters and apostrophes`
  const sign = [...marks, ...operators].find((s) => s.length !== 1 || /[A-Za-z0-9' <>]/.test(s))
  if (sign !== undefined)
    return `the mark or operator ${JSON.stringify(sign)} is no single sign, or one of letters, digits, ' < >`
  const tag = markers.find((m) => !/^<[^<>\s]+>$/.test(m))
  if (tag !== undefined) return `the marker ${JSON.stringify(tag)} has no form like <think>`
  const all = [...words, ...marks, ...operators, ...markers]
  const twice = all.find((w, i) => all.indexOf(w) !== i)
  return twice === undefined ? undefined : `${JSON.stringify(twice)} is listed twice`
}

const escaped = (sign: string): string => sign.replace(/[\\\]^-]/g, "\\$&").replace("\n", "\\n")

/**
 * The `tokenizer.json` and `tokenizer_config.json` objects of a closed vocabulary: one token a word, sign or digit,
 * spaces implied. The spacing of the text is fixed, which makes decode(encode(text)) = text:
 *
 * - a word or operator has one space before it, except at the start of a line;
 * - a number has one space before it after a word or a sign, none at the start of a line;
 * - marks and markers have none.
 *
 * e.g. "<think>\nAnn has 12 apples.\n12 + 3 = 15\n</think>". Other text that uses the same tokens encodes alike and
 * decodes to this spacing; text outside the vocabulary is an UnknownText error, never a silent `<unk>`.
 */
export const wordLevelJson = (vocabulary: Vocabulary): { readonly tokenizer: unknown; readonly config: unknown } => {
  const { special = { pad: "<pad>", eos: "<eos>" }, markers = [], marks = [], operators = [] } = vocabulary
  const digits = vocabulary.digits === false ? [] : [..."0123456789"]
  const entries = [
    special.pad,
    special.eos,
    ...markers,
    ...marks,
    ...operators.map((o) => ` ${o}`),
    ...digits,
    ...vocabulary.words.map((w) => ` ${w}`)
  ]
  const vocab = Object.fromEntries(entries.map((entry, id) => [entry, id]))
  const added = [special.pad, special.eos, ...markers].map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: id < 2
  }))
  // Words and operators carry their space; the rest of the pattern keeps anything unknown visible to the model.
  const signs = operators.length === 0 ? "" : `| [${operators.map(escaped).join("")}]`
  const lines = marks.includes("\n") ? "|\\n" : ""
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: {
        type: "Sequence",
        normalizers: [
          { type: "Prepend", prepend: " " },
          { type: "Replace", pattern: { String: "\n" }, content: "\n " }
        ]
      },
      pre_tokenizer: {
        type: "Split",
        pattern: { Regex: ` ?[A-Za-z']+${signs}|[0-9]${lines}|[^ \\n]` },
        behavior: "Removed",
        invert: true
      },
      post_processor: null,
      decoder: {
        type: "Sequence",
        decoders: [
          { type: "Fuse" },
          { type: "Replace", pattern: { Regex: "^ " }, content: "" },
          { type: "Replace", pattern: { Regex: "(?<=[^ \\n0-9>])(?=[0-9])" }, content: " " }
        ]
      },
      model: { type: "WordLevel", vocab, unk_token: "<unk>" }
    },
    config: {
      tokenizer_class: "PreTrainedTokenizerFast",
      clean_up_tokenization_spaces: false,
      eos_token: special.eos,
      pad_token: special.pad
    }
  }
}

/** The tokenizer of a closed vocabulary; see `wordLevelJson` for its spacing. */
export const wordLevel = (vocabulary: Vocabulary): Result.Result<Tokenizer, BadTokenizer> => {
  const reason = fault(vocabulary)
  if (reason !== undefined)
    return Result.fail(new BadTokenizer({ file: "of a vocabulary", reason, fix: "Change the vocabulary" }))
  const { tokenizer, config } = wordLevelJson(vocabulary)
  return fromJson(tokenizer, config, "of a vocabulary")
}
