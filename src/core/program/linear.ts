import { Shapes } from "../tensor/index.ts"
import { apply, type Expr, expectDType, refuseShape } from "./Expr.ts"

export interface MatMulOptions {
  readonly transA?: boolean
  readonly transB?: boolean
  /** Factor on the product, 1 by default. */
  readonly alpha?: number
}

/**
 * Matrix product alpha · op(a) · op(b), where op transposes the last two axes.
 *
 * Shapes: [M, K] · [K, N] = [M, N]; leading axes are batches, equal in rank, each agreeing or 1.
 */
export const matMul = (a: Expr, b: Expr, options: MatMulOptions = {}): Expr => {
  const { transA = false, transB = false, alpha = 1 } = options
  expectDType("MatMul", [a, b], "f32")
  const rank = a.shape.length
  if (rank < 2 || b.shape.length !== rank) {
    return refuseShape("MatMul", [a, b], "needs two operands of one rank >= 2; reshape() them first.")
  }
  const [m, ka] = transA ? [a.shape[rank - 1]!, a.shape[rank - 2]!] : [a.shape[rank - 2]!, a.shape[rank - 1]!]
  const [kb, n] = transB ? [b.shape[rank - 1]!, b.shape[rank - 2]!] : [b.shape[rank - 2]!, b.shape[rank - 1]!]
  const batch = rank === 2 ? [] : Shapes.broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2))
  if (ka !== kb) {
    return refuseShape("MatMul", [a, b], `inner sizes differ: ${ka} and ${kb} (transA ${transA}, transB ${transB}).`)
  }
  if (batch === undefined) return refuseShape("MatMul", [a, b], "batch axes must agree or be 1.")
  return apply({ _tag: "MatMul", transA, transB, alpha }, [a, b], [...batch, m, n], "f32")
}
