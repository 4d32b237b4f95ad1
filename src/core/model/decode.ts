import { concat, type Expr, mul, reshape } from "../program/index.ts"
import { attendCached, groupedMask, type KeyValues } from "./attention.ts"
import { block, feedForwardOfFew, headNorm, type Projections } from "./block.ts"
import { embed, type ForwardOptions, finalNorm, forward, lastHidden } from "./forward.ts"
import { logits } from "./head.ts"
import type { ModelConfig } from "./ModelConfig.ts"
import type { Params } from "./parameters.ts"
import { type Rotation, rotate, rotationAt } from "./rotary.ts"

/** Logits of the next token, and the keys and values that later tokens need. */
export interface Decoded {
  /** [B, V] */
  readonly logits: Expr
  /** One entry a layer, time first. */
  readonly caches: ReadonlyArray<KeyValues>
}

/**
 * Reads whole prompts: the logits after each row's last column, and the caches [P, B·Hkv, head_dim] of every layer.
 * Prompts of different lengths are padded on the left, with `start` saying where each begins.
 *
 * @param ids [B, P] i32
 */
export const prefill = (config: ModelConfig, params: Params, ids: Expr, options: ForwardOptions = {}): Decoded => {
  const { hidden, caches } = forward(config, params, ids, options)
  return { logits: logits(config, params, lastHidden(hidden, ids.shape[0]!)), caches }
}

export interface DecodeState {
  /** The token to read next in each row, [B] i32. */
  readonly tokens: Expr
  /** Its position in its row, [B] i32, counted from the row's first real token. */
  readonly positions: Expr
  /** Cached keys and values of every layer, [P, B·Hkv, head_dim] with P >= 1. */
  readonly past: ReadonlyArray<KeyValues>
  /** Rows that earlier calls in this program returned and that are not in `past` yet. */
  readonly recent?: ReadonlyArray<KeyValues>
  /** Added to the scores of `past`, broadcasting to [B, H, 1, P]: `startMask(start, P)` hides left padding. */
  readonly mask?: Expr
}

/**
 * Reads one more token a row: the logits after it, and in `caches` the rows of `recent` plus one,
 * [n + 1, B·Hkv, head_dim] a layer, to append to the cache or to pass on as `recent`.
 *
 * Calls chain within one program: U calls, each taking the caches of the one before as `recent`,
 * read U tokens and leave U rows to append.
 */
export const decode = (config: ModelConfig, params: Params, state: DecodeState): Decoded => {
  const { num_attention_heads: H, num_key_value_heads: groups, head_dim } = config
  const { tokens, positions, past, recent } = state
  const B = tokens.shape[0]!
  const rotation = rotationAt(config, reshape(positions, [B, 1]))
  // Queries turn and shrink by 1/√d at once, on the small tables: no score need be scaled.
  const scale = (x: Expr): Expr => mul(x, 1 / Math.sqrt(head_dim))
  const scaled: Rotation = { cos: scale(rotation.cos), sin: scale(rotation.sin) }
  const mask = state.mask && groupedMask(state.mask, [B, H, groups, past[0]!.keys.shape[0]!])
  const heads = (rows: Expr, n: number): Expr => reshape(rows, [B, n, head_dim])
  const caches: Array<KeyValues> = []
  let x = embed(params, tokens)
  for (const [layer, cached] of past.entries()) {
    const attend = (projected: Projections): Expr => {
      const queries = rotate(headNorm(config, params, layer, "q_norm", heads(projected.queries, H)), scaled)
      const keys = rotate(headNorm(config, params, layer, "k_norm", heads(projected.keys, groups)), rotation)
      const asRow = (row: Expr): Expr => reshape(row, [1, B * groups, head_dim])
      const before = recent?.[layer]
      const extended: KeyValues = {
        keys: concat([...(before === undefined ? [] : [before.keys]), asRow(keys)], 0),
        values: concat([...(before === undefined ? [] : [before.values]), asRow(projected.values)], 0)
      }
      caches.push(extended)
      return reshape(attendCached(queries, cached, extended, mask), [B, H * head_dim])
    }
    x = block(config, params, layer, x, attend, feedForwardOfFew)
  }
  return { logits: logits(config, params, finalNorm(config, params, x)), caches }
}
