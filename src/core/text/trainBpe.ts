/** How to train a byte-level BPE vocabulary. */
export interface BpeOptions {
  /** Entries in all: special tokens, markers, 256 bytes, merges. Fewer where the text has no more pairs. */
  readonly vocabSize: number
  /** Shown in no text; the first is the pad token, the second the end token. Default `<|pad|>`, `<|eos|>`. */
  readonly special?: readonly [pad: string, eos: string, ...rest: ReadonlyArray<string>]
  /** Tags that are one token each and part of the text, e.g. `<think>`. */
  readonly markers?: ReadonlyArray<string>
  /** Pairs seen less often are not merged. Default 2. */
  readonly minFrequency?: number
}

/** Words with at most one space before, single digits, signs, line ends, other space. A merge never crosses these. */
const PRE_TOKEN = "'(?:s|t|re|ve|m|ll|d)| ?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+|\\s*\\n|\\s+(?!\\S)|\\s+"

/** Byte to the visible character that stands for it in byte-level vocabularies (GPT-2). */
const BYTE_CHARS: ReadonlyArray<string> = (() => {
  const visible = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || (b >= 174 && b <= 255)
  let next = 256
  return Array.from({ length: 256 }, (_, b) => String.fromCharCode(visible(b) ? b : next++))
})()

interface Word {
  /** Entries that now spell the word; shrinks as pairs merge. */
  readonly ids: Array<number>
  readonly count: number
}

/** Largest count first, then the smaller pair: a binary heap of candidate merges. */
interface Candidate {
  readonly pair: number
  readonly count: number
}

const PAIR = 2 ** 26
const leftOf = (pair: number) => Math.floor(pair / PAIR)
const rightOf = (pair: number) => pair % PAIR
const before = (a: Candidate, b: Candidate) => a.count > b.count || (a.count === b.count && a.pair < b.pair)

const push = (heap: Array<Candidate>, item: Candidate): void => {
  let i = heap.length
  heap.push(item)
  while (i > 0) {
    const parent = (i - 1) >> 1
    if (!before(item, heap[parent]!)) break
    heap[i] = heap[parent]!
    i = parent
  }
  heap[i] = item
}

const pop = (heap: Array<Candidate>): Candidate | undefined => {
  const top = heap[0]
  const last = heap.pop()
  if (top === undefined || last === undefined || heap.length === 0) return top
  let i = 0
  for (;;) {
    let child = 2 * i + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
    if (!before(heap[child]!, last)) break
    heap[i] = heap[child]!
    i = child
  }
  heap[i] = last
  return top
}

const countWords = (texts: Iterable<string>, markers: ReadonlyArray<string>): Map<string, number> => {
  const counts = new Map<string, number>()
  const pattern = new RegExp(PRE_TOKEN, "gu")
  for (const text of texts) {
    const parts = markers.reduce<ReadonlyArray<string>>((ps, m) => ps.flatMap((p) => p.split(m)), [text])
    for (const part of parts) for (const [w] of part.matchAll(pattern)) counts.set(w, (counts.get(w) ?? 0) + 1)
  }
  return counts
}

/** Replaces each occurrence of the pair in the word by `merged`; tells each pair that appears (+) or goes (-). */
const mergeIn = (word: Word, pair: number, merged: number, change: (pair: number, by: number) => void): void => {
  const { ids, count } = word
  const [a, b] = [leftOf(pair), rightOf(pair)]
  for (let i = 0; i < ids.length - 1; i++) {
    if (ids[i] !== a || ids[i + 1] !== b) continue
    if (i > 0) {
      change(ids[i - 1]! * PAIR + a, -count)
      change(ids[i - 1]! * PAIR + merged, count)
    }
    if (i + 2 < ids.length) {
      change(b * PAIR + ids[i + 2]!, -count)
      change(merged * PAIR + ids[i + 2]!, count)
    }
    ids.splice(i, 2, merged)
  }
}

/**
 * Trains a byte-level BPE vocabulary and returns standard `tokenizer.json` and `tokenizer_config.json` objects. Every
 * text can be encoded, and decoding gives it back. Digits stay single tokens, so that numbers are spelled by place.
 *
 * Deterministic: the most frequent pair merges first, of equal ones the pair of lower ids (Sennrich et al. 2016).
 */
export const trainBpe = (
  texts: Iterable<string>,
  options: BpeOptions
): { readonly tokenizer: unknown; readonly config: unknown } => {
  const { vocabSize, special = ["<|pad|>", "<|eos|>"], markers = [], minFrequency = 2 } = options
  const alphabet = [...BYTE_CHARS].sort((x, y) => x.charCodeAt(0) - y.charCodeAt(0))
  const entries = [...special, ...markers, ...alphabet]
  const first = special.length + markers.length
  const idOfByte = BYTE_CHARS.map((c) => first + alphabet.indexOf(c))
  const encoder = new TextEncoder()
  const words: ReadonlyArray<Word> = [...countWords(texts, [...special, ...markers])].map(([text, count]) => ({
    ids: Array.from(encoder.encode(text), (byte) => idOfByte[byte]!),
    count
  }))

  const counts = new Map<number, number>()
  const where = new Map<number, Set<number>>()
  const note = (pair: number, by: number, w: number) => {
    counts.set(pair, (counts.get(pair) ?? 0) + by)
    if (by <= 0) return
    const at = where.get(pair)
    if (at === undefined) where.set(pair, new Set([w]))
    else at.add(w)
  }
  for (const [w, { ids, count }] of words.entries())
    for (let i = 0; i + 1 < ids.length; i++) note(ids[i]! * PAIR + ids[i + 1]!, count, w)
  const heap: Array<Candidate> = []
  for (const [pair, count] of counts) push(heap, { pair, count })

  const merges: Array<readonly [string, string]> = []
  while (entries.length < vocabSize) {
    const best = pop(heap)
    if (best === undefined) break
    const now = counts.get(best.pair) ?? 0
    if (now !== best.count) {
      // The count fell since this candidate was filed.
      if (now > 0) push(heap, { pair: best.pair, count: now })
      continue
    }
    if (best.count < minFrequency) break
    const merged = entries.length
    const pieces = [entries[leftOf(best.pair)]!, entries[rightOf(best.pair)]!] as const
    merges.push(pieces)
    entries.push(pieces.join(""))
    const grown = new Set<number>()
    for (const w of where.get(best.pair) ?? [])
      mergeIn(words[w]!, best.pair, merged, (pair, by) => {
        note(pair, by, w)
        if (by > 0) grown.add(pair)
      })
    counts.delete(best.pair)
    where.delete(best.pair)
    for (const pair of grown) push(heap, { pair, count: counts.get(pair) ?? 0 })
  }
  return assemble({ special, markers, entries, merges })
}

const assemble = (o: {
  readonly special: ReadonlyArray<string>
  readonly markers: ReadonlyArray<string>
  readonly entries: ReadonlyArray<string>
  readonly merges: ReadonlyArray<readonly [string, string]>
}): { readonly tokenizer: unknown; readonly config: unknown } => ({
  tokenizer: {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [...o.special, ...o.markers].map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: id < o.special.length
    })),
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: PRE_TOKEN }, behavior: "Isolated", invert: false },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false }
      ]
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(o.entries.map((entry, id) => [entry, id])),
      merges: o.merges.map((m) => m.join(" "))
    }
  },
  config: {
    tokenizer_class: "PreTrainedTokenizerFast",
    clean_up_tokenization_spaces: false,
    pad_token: o.special[0],
    eos_token: o.special[1]
  }
})
