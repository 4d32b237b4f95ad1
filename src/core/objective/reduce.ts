import { div, type Expr, type Like, max, mul, sum } from "../program/index.ts"

/**
 * Σ x·w / Σ w over all axes, 0 when no weight is positive: x and weights of one shape, result a [1, ...] scalar.
 *
 * @param total Σ w of the whole batch, where x is a part of it and the results of the parts are added
 */
export const weightedMean = (x: Expr, weights: Expr, total: Like = sum(weights)): Expr =>
  div(sum(mul(x, weights)), max(total, 1e-9))

/**
 * Mean over rows of the weighted mean of each row: x and weights [N, T]. Rows without weight count as 0.
 *
 * @param rows N, where some rows are only padding
 */
export const meanOfRowMeans = (x: Expr, weights: Expr, rows: Like = x.shape[0]!): Expr =>
  div(sum(div(sum(mul(x, weights), [1]), max(sum(weights, [1]), 1e-9))), rows)
