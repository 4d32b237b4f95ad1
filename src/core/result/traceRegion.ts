import type { ResultRow } from "../data/index.ts"
import { Selectors, type TokenSpan } from "../evaluation/index.ts"
import { type Span, ThinkAnswer, tokensOf } from "../text/index.ts"
import { type TraceScore, values } from "./TraceScore.ts"

type Traced = Pick<ResultRow, "generation" | "token_offsets">

/** Where each token starts in the text, and where the last one ends; `undefined` for a row without offsets. */
export const tokenBounds = ({ generation, token_offsets: starts }: Traced): Int32Array | undefined =>
  starts === undefined
    ? undefined
    : Int32Array.from([...starts, Math.max(generation.content.length, starts.at(-1) ?? 0)])

/** Tokens of a span of characters; `undefined` for a row without offsets, or where the span holds no token. */
export const tokenSpan = (row: Traced, span: Span): TokenSpan | undefined => {
  const bounds = tokenBounds(row)
  if (bounds === undefined) return undefined
  const { start, end } = tokensOf(bounds, span)
  return end > start ? { start, end } : undefined
}

/** Tokens of the final answer, found by its tags: the word "answer" in the reasoning is none. */
export const answerTokens = (row: Traced): TokenSpan | undefined => {
  const block = ThinkAnswer.answer(row.generation.content)
  return block._tag === "Found" ? tokenSpan(row, block.span) : undefined
}

/** A part of a trace that predictions may be limited to. */
export type Region = "all" | "pre_answer" | "think"

/** Its tokens: all, those before the last opening answer tag, those of the reasoning; `undefined` where it is not there. */
export const regionTokens = (row: Traced, region: Region): TokenSpan | undefined => {
  const text = row.generation.content
  if (region === "think") {
    const block = ThinkAnswer.think(text)
    return block._tag === "Found" ? tokenSpan(row, block.span) : undefined
  }
  const open = region === "pre_answer" ? text.lastIndexOf(ThinkAnswer.tags.openAnswer) : text.length
  return open < 0 ? undefined : tokenSpan(row, { start: 0, end: open })
}

/** Mean reward with the answer's tokens weighing `factor`; without an answer, the last fifth of the tokens. */
export const answerBoosted =
  (factor: number): TraceScore =>
  (row) =>
    Selectors.answerBoost(factor, answerTokens(row)).select(values(row.reward_model_score))

/** Mean reward of the answer's tokens alone; NaN where there is no answer, which ranks last. */
export const answerOnly: TraceScore = (row) => {
  const span = answerTokens(row)
  return span === undefined
    ? Number.NaN
    : Selectors.mean.select(values(row.reward_model_score).slice(span.start, span.end))
}
