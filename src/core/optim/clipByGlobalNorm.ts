import { add, concat, div, type Expr, min, mul, reshape, scalar, sqrt, sum } from "../program/index.ts"
import { type GradientTransform, stateless, type Tree } from "./GradientTransform.ts"

/** √ of the sum of squares over all elements of all tensors: a rank-0 tensor. */
export const globalNorm = (tensors: Tree): Expr => {
  const squares = Object.values(tensors).map((x) => reshape(sum(mul(x, x)), [1]))
  return squares.length === 0 ? scalar(0) : reshape(sqrt(sum(concat(squares, 0))), [])
}

/**
 * Scales all updates by min(1, maxNorm / (norm + 1e-6)), norm being their global norm.
 * Reports the norm before clipping as `grad_norm`.
 *
 * @see specs/06-optimisers.md, section 2
 */
export const clipByGlobalNorm = (maxNorm: number): GradientTransform =>
  stateless(({ updates }) => {
    const norm = globalNorm(updates)
    const factor = min(1, div(maxNorm, add(norm, 1e-6)))
    return {
      updates: Object.fromEntries(Object.entries(updates).map(([name, x]) => [name, mul(x, factor)])),
      metrics: { grad_norm: norm }
    }
  })
