import { constant, type Expr, less, reshape, where } from "../program/index.ts"
import { Tensors } from "../tensor/index.ts"

/**
 * What a hidden key's score becomes: far below any real score, so that its weight is exactly 0 in any float,
 * yet finite, so that a query which sees nothing (a padding position) gives numbers and not NaN.
 */
const hidden = -1e9

const indices = (n: number): Expr =>
  constant(
    Tensors.i32(
      Array.from({ length: n }, (_, i) => i),
      [1, n]
    )
  )

/** Additive mask [1, 1, to-from, to] of scores: query t of from..to-1 sees keys 0 to t. */
export const causalMask = (from: number, to: number): Expr => {
  const mask = new Float32Array((to - from) * to)
  for (let t = from; t < to; t++) mask.fill(hidden, (t - from) * to + t + 1, (t - from + 1) * to)
  return constant(Tensors.f32(mask, [1, 1, to - from, to]))
}

/** Additive mask [B, 1, 1, S] of scores: row b sees keys start[b] to S-1. start [B] i32. */
export const startMask = (start: Expr, S: number): Expr => {
  const B = start.shape[0]!
  return reshape(where(less(indices(S), reshape(start, [B, 1])), hidden, 0), [B, 1, 1, S])
}
