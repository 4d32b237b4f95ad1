import type { Tokenizer } from "../text/index.ts"

/** How long texts are in tokens, and how many would be cut at a limit. Shown before a limit is chosen; nothing is cut. */
export interface LengthCensus {
  readonly n: number
  readonly mean: number
  readonly median: number
  readonly p90: number
  readonly p99: number
  readonly max: number
  /** Texts longer than each limit. */
  readonly over: ReadonlyArray<{ readonly limit: number; readonly texts: number }>
}

/** The census of lengths, in tokens; quantiles are the value at rank ceil(q n). All 0 where there are none. */
export const lengthCensus = (lengths: ReadonlyArray<number>, limits: ReadonlyArray<number> = []): LengthCensus => {
  const sorted = [...lengths].sort((a, b) => a - b)
  const n = sorted.length
  const quantile = (q: number) => sorted[Math.max(0, Math.ceil(q * n) - 1)] ?? 0
  return {
    n,
    mean: n === 0 ? 0 : sorted.reduce((s, x) => s + x, 0) / n,
    median: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
    max: sorted.at(-1) ?? 0,
    over: limits.map((limit) => ({ limit, texts: sorted.filter((x) => x > limit).length }))
  }
}

/** Lengths of texts in tokens. */
export const tokenLengths = (tokenizer: Tokenizer, texts: ReadonlyArray<string>): ReadonlyArray<number> =>
  texts.map((text) => tokenizer.encode(text).length)
