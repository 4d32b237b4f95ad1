import { Shapes } from "../tensor/index.ts"
import { apply, type Expr, expectDType, refuseShape } from "./Expr.ts"

export interface DequantizeOptions {
  /** Columns that share a scale and a zero point: a multiple of 8. */
  readonly block: number
  /** Columns of the result; the rest of the last block is padding. */
  readonly width: number
}

/** Words of 32 bits that hold the zero points of N rows of that many blocks: each row begins at a byte. */
export const zeroWords = (N: number, blocks: number): number => Math.ceil((N * Math.ceil(blocks / 2)) / 4)

/**
 * Floats [N, width] from 4-bit codes: (code - zero) · scale, each block of columns with a scale and a zero of its own.
 *
 * Codes [N, W] i32 hold eight each, the first in the lowest bits; scales [N, W·8/block]; zeros [Z] i32 hold eight each
 * likewise, where each of the N rows begins at a byte. In memory that is the layout of ONNX Runtime's `MatMulNBits`.
 */
export const dequantize = (codes: Expr, scales: Expr, zeros: Expr, { block, width }: DequantizeOptions): Expr => {
  const operands = [codes, scales, zeros]
  expectDType("Dequantize", [codes, zeros], "i32")
  expectDType("Dequantize", [scales], "f32")
  const [N, W] = codes.shape as readonly [number, number]
  const blocks = Math.ceil(width / block)
  if (
    !Number.isInteger(block) ||
    block < 8 ||
    block % 8 !== 0 ||
    codes.shape.length !== 2 ||
    (W * 8) / block !== blocks
  ) {
    return refuseShape("Dequantize", operands, `codes must be [N, ${blocks} blocks of ${block} / 8 columns].`)
  }
  if (!Shapes.equal(scales.shape, [N, blocks]) || !Shapes.equal(zeros.shape, [zeroWords(N, blocks)])) {
    const rule = `scales must be [${N},${blocks}], zeros [${zeroWords(N, blocks)}].`
    return refuseShape("Dequantize", operands, rule)
  }
  return apply({ _tag: "Dequantize", block, width }, operands, [N, width], "f32")
}

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
