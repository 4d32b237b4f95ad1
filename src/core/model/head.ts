import {
  concat,
  type Expr,
  exp,
  gatherElements,
  logSoftmax,
  matMul,
  mul,
  named,
  neg,
  reshape,
  slice,
  sum
} from "../program/index.ts"
import type { ModelConfig } from "./ModelConfig.ts"
import { type Params, parameter } from "./parameters.ts"

/**
 * Next-token logits [n, V] of hidden rows [n, D], divided by `temperature` (1 by default; > 0).
 * The table is `lm_head.weight`, or the embedding when tied.
 */
export const logits = (config: ModelConfig, params: Params, hidden: Expr, temperature = 1): Expr => {
  const table = config.tie_word_embeddings ? "model.embed_tokens.weight" : "lm_head.weight"
  return matMul(hidden, parameter(params, table), { transB: true, alpha: 1 / temperature })
}

/** One reward logit a token, [B, T], from hidden [B·T, D] and `score.weight` [1, D], without a bias. */
export const tokenRewards = (params: Params, hidden: Expr, B: number): Expr =>
  reshape(matMul(hidden, parameter(params, "score.weight"), { transB: true }), [B, -1])

/** Columns from..to of [B·T, D] rows as [B·(to-from), D]: what need not be scored is not computed. */
const columns = (hidden: Expr, B: number, from: number, to: number): Expr => {
  const D = hidden.shape[1]!
  return reshape(slice(reshape(hidden, [B, -1, D]), 1, from, to), [-1, D])
}

export interface TokenLogProbsOptions {
  /** First token to score, at least 1; 1 by default. The prompt's length scores the completion alone. */
  readonly from?: number
  /** Divides the logits; 1 by default. */
  readonly temperature?: number
  /**
   * Tokens whose logits are computed together, all of them by default. Values do not depend on it. With
   * `rematerialise`, no more than one chunk's logits and their gradient are ever alive.
   */
  readonly chunk?: number
}

/** Scores of given tokens: entry j of both concerns token `from + j`. */
export interface TokenLogProbs {
  /** log p(ids[b, from+j] | ids[b, <from+j]), in nats, [B, T-from]. */
  readonly logProbs: Expr
  /** Entropy of the distribution that the token was drawn from, in nats, [B, T-from]. */
  readonly entropy: Expr
}

/**
 * Log-probabilities of the tokens of a batch under the model, each given all tokens before it in its row.
 *
 * @param hidden [B·T, D], of `forward` on the same ids, or [B·(T-1), D] on all but their last column,
 *   which is only ever a target
 * @param ids [B, T] i32; token 0 has nothing before it and is never scored
 * @see specs/05-decoder.md, section 5
 */
export const tokenLogProbs = (
  config: ModelConfig,
  params: Params,
  hidden: Expr,
  ids: Expr,
  options: TokenLogProbsOptions = {}
): TokenLogProbs => {
  const { from = 1, temperature = 1 } = options
  const [B, T] = ids.shape as readonly [number, number]
  const rows = columns(hidden, B, from - 1, T - 1)
  const targets = reshape(slice(ids, 1, from), [-1, 1])
  const n = B * (T - from)
  const { chunk = Math.max(1, n) } = options
  const parts = Array.from({ length: Math.max(1, Math.ceil(n / chunk)) }, (_, i) => {
    const [low, high] = [i * chunk, Math.min(n, (i + 1) * chunk)]
    const own = high - low === n ? rows : named(`head.${i}`, slice(rows, 0, low, high))
    const logRows = logSoftmax(logits(config, params, own, temperature))
    return {
      logProbs: named(`head.${i}.logProbs`, gatherElements(logRows, slice(targets, 0, low, high))),
      entropy: named(`head.${i}.entropy`, neg(sum(mul(exp(logRows), logRows), [1])))
    }
  })
  const joined = (pick: (part: TokenLogProbs) => Expr): Expr => reshape(concat(parts.map(pick), 0), [B, T - from])
  return { logProbs: joined((part) => part.logProbs), entropy: joined((part) => part.entropy) }
}
