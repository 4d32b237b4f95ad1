import { add, attend, concat, type Expr, expand, matMul, reshape, slice, softmax, transpose } from "../program/index.ts"

/** Keys and values in order of time: both [n, B·Hkv, head_dim], so that a new position is one more row. */
export interface KeyValues {
  readonly keys: Expr
  readonly values: Expr
}

/**
 * softmax(queries · keysᵀ / √d + mask) · values, where each key head serves a group of consecutive query heads.
 *
 * The query heads of a group are rows of one matrix product with their key head, so keys and values are
 * never repeated. queries [B, H, T, d]; keys and values [B, Hkv, S, d]; mask broadcasts to [B, H, T, S];
 * result [B, H, T, d].
 */
const attention = (queries: Expr, keys: Expr, values: Expr, mask: Expr): Expr => {
  const [B, H, T, d] = queries.shape as readonly [number, number, number, number]
  const [, groups, S] = keys.shape as readonly [number, number, number]
  const grouped = reshape(queries, [B, groups, (H / groups) * T, d])
  const scores = matMul(grouped, keys, { transB: true, alpha: 1 / Math.sqrt(d) })
  const masked = reshape(add(reshape(scores, [B, H, T, S]), mask), scores.shape)
  return reshape(attend(masked, values), queries.shape)
}

/** Queries `from` to `to - 1`, and what is added to their scores with keys 0 to `to - 1`. */
export interface QueryBlock {
  readonly from: number
  readonly to: number
  /** Broadcasts to [B, H, to-from, to]. */
  readonly mask: Expr
}

/**
 * `attention` of consecutive blocks of queries, each over the keys that it can see: with n blocks of equal width a
 * share (n-1)/2n of the scores is never computed. Shapes as in `attention`, with S = T.
 */
export const causalAttention = (queries: Expr, keys: Expr, values: Expr, blocks: ReadonlyArray<QueryBlock>): Expr =>
  concat(
    blocks.map(({ from, to, mask }) =>
      attention(slice(queries, 2, from, to), slice(keys, 2, 0, to), slice(values, 2, 0, to), mask)
    ),
    2
  )

/** A mask that broadcasts to [B, H, 1, P] as `attendCached` adds it: made once for all layers and positions. */
export const groupedMask = (mask: Expr, [B, H, groups, P]: readonly [number, number, number, number]): Expr =>
  reshape(expand(mask, [B, mask.shape[1] === 1 ? groups : H, 1, P]), [B * groups, -1, P])

/**
 * Attention of one new position a row over cached positions and over `recent` ones that are not in the cache yet.
 * The cache is read where it lies; only scores are joined.
 *
 * queries [B, H, d], divided by √d already; past [P, B·Hkv, d]; recent [n, B·Hkv, d]; result [B, H, d].
 * mask [B·Hkv, 1 or H/Hkv, P] concerns the past alone: `groupedMask`.
 */
export const attendCached = (queries: Expr, past: KeyValues, recent: KeyValues, mask: Expr | undefined): Expr => {
  const [B, H, d] = queries.shape as readonly [number, number, number]
  const [P, rows] = past.keys.shape as readonly [number, number]
  const grouped = reshape(queries, [rows, (B * H) / rows, d])
  const byRow = (x: Expr): Expr => transpose(x, [1, 0, 2])
  const scores = (keys: Expr): Expr => matMul(grouped, byRow(keys), { transB: true })
  const old = scores(past.keys)
  const masked = mask === undefined ? old : add(old, mask)
  const weights = softmax(concat([masked, scores(recent.keys)], 2))
  const context = add(
    matMul(slice(weights, 2, 0, P), byRow(past.values)),
    matMul(slice(weights, 2, P), byRow(recent.values))
  )
  return reshape(context, queries.shape)
}
