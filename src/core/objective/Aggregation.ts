import { div, type Expr, type Like, max, mul, sum } from "../program/index.ts"
import { weightedMean } from "./reduce.ts"

/**
 * What a micro-batch must know of the whole batch that one update is made of, for its losses to add up to that of the
 * whole. Numbers, or scalars fed at run time. What is absent is taken from the micro-batch: it is the whole.
 */
export interface WholeBatch {
  /** Completions of the whole batch; rows that only pad a micro-batch are none. */
  readonly completions?: Like
  /** Completion tokens of the whole batch. */
  readonly tokens?: Like
  /** Completions of the micro-batch itself; all its rows by default. */
  readonly rows?: Like
}

/**
 * From a loss a token [N, T] and the mask of completion tokens to a loss with one element. The losses of the
 * micro-batches of an update are summed.
 *
 * @see specs/32-policy-objective.md
 */
export interface Aggregation {
  readonly name: string
  readonly reduce: (perToken: Expr, mask: Expr, whole: WholeBatch) => Expr
}

const rowsOf = (x: Expr): number => x.shape[0]!

/** Σ_i (Σ_t l·m / Σ_t m) / N: each completion counts once, however long. Completions without tokens count as 0. */
export const grpo: Aggregation = {
  name: "grpo",
  reduce: (perToken, mask, { completions = rowsOf(mask) }) =>
    div(sum(div(sum(mul(perToken, mask), [1]), max(sum(mask, [1]), 1e-9))), completions)
}

/**
 * Σ l·m / Σ m over the micro-batch, weighed with its share of the completions: each token of a micro-batch counts
 * once. Depends on how an update is split unless all micro-batches have the same number of tokens; `dapo` does not.
 */
export const bnpo: Aggregation = {
  name: "bnpo",
  reduce: (perToken, mask, { rows = rowsOf(mask), completions = rows }) =>
    div(mul(weightedMean(perToken, mask), rows), completions)
}

/**
 * Σ l·m / (N · longest): a constant in place of the length, so that long wrong completions are not spared (Liu et al.
 * 2025).
 *
 * @param longest the limit on completion length, in tokens
 */
export const drGrpo = (longest: number): Aggregation => ({
  name: `dr_grpo(${longest})`,
  reduce: (perToken, mask, { completions = rowsOf(mask) }) => div(sum(mul(perToken, mask)), mul(completions, longest))
})

/** Σ l·m / (tokens of the whole batch): each token of an update counts once (Yu et al. 2025). */
export const dapo: Aggregation = {
  name: "dapo",
  reduce: (perToken, mask, { tokens = sum(mask) }) => div(sum(mul(perToken, mask)), max(tokens, 1e-9))
}
