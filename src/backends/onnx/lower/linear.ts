import { Shapes } from "../../../core/tensor/index.ts"
import { quantisedProduct } from "./dequantize.ts"
import { type Emitter, float, microsoft } from "./Emitter.ts"
import { type Plan, type Rule, type View, whenOp } from "./Plan.ts"

/** An operand of a product with the transpositions that the kernel can read through. */
interface Operand {
  readonly id: number
  /** The last two axes are exchanged. */
  readonly trans: boolean
  /** The row axis comes first, before the batches. */
  readonly transBatch: boolean
}

const swapsLast = (perm: ReadonlyArray<number>): boolean =>
  perm.every((p, i) => p === (i < perm.length - 2 ? i : 2 * perm.length - 3 - i))

const rowsFirst = (perm: ReadonlyArray<number>): boolean =>
  perm.length > 2 && perm.every((p, i) => p === (i === perm.length - 1 ? i : i === perm.length - 2 ? 0 : i + 1))

const operand = (view: View, id: number, trans: boolean): Operand => {
  const transposition = whenOp(view, id, "Transpose")
  if (transposition !== undefined && swapsLast(transposition.op.perm)) {
    return operand(view, transposition.args[0]!, !trans)
  }
  if (transposition !== undefined && rowsFirst(transposition.op.perm)) {
    return { id: transposition.args[0]!, trans, transBatch: true }
  }
  return { id, trans, transBatch: false }
}

const size = (view: View, id: number): number => Shapes.size(view.nodes[id]!.shape)

/** From so many elements on a matrix costs more to read than a node costs to start. */
const isLarge = (view: View, id: number): boolean => size(view, id) >= 2 ** 15

/**
 * aᵀ·b with the smaller one turned first: the kernel for aᵀ would turn all of a again for each 128 columns of b
 * (a quarter of the time of a weight's gradient).
 */
const columnProduct = (e: Emitter, [a, b]: ReadonlyArray<string>, alpha: number, turnLeft: boolean): string => {
  const turn = (x: string): string => e.node("Transpose", [x], { attributes: { perm: [1, 0] } })
  const c = turnLeft ? e.node("MatMul", [turn(a!), b!]) : turn(e.node("MatMul", [turn(b!), a!]))
  return alpha === 1 ? c : e.node("Mul", [c, e.scalar(alpha)])
}

/** alpha · op(a) · op(b) of batches of matrices, read through their transpositions by one kernel. */
type Batched = (e: Emitter, names: ReadonlyArray<string>, sides: readonly [Operand, Operand], alpha: number) => string

/** The engine's own operator, which processors and CUDA have. */
const fused: Batched = (e, names, [a, b], alpha) =>
  e.node("FusedMatMul", names, {
    attributes: {
      transA: a.trans ? 1 : 0,
      transB: b.trans ? 1 : 0,
      alpha: float(alpha),
      transBatchA: a.transBatch ? 1 : 0,
      transBatchB: b.transBatch ? 1 : 0
    },
    domain: microsoft
  })

/** Operators of the standard, for providers without that one: each transposition is carried out. */
const standard =
  (rank: number): Batched =>
  (e, names, sides, alpha) => {
    const axes = Array.from({ length: rank }, (_, i) => i)
    const [first, second] = names.map((name, i) => {
      const { trans, transBatch } = sides[i]!
      const base = transBatch ? [...axes.slice(1, -1), 0, rank - 1] : axes
      const perm = trans ? [...base.slice(0, -2), base[rank - 1]!, base[rank - 2]!] : base
      return perm.every((p, i) => p === i) ? name : e.node("Transpose", [name], { attributes: { perm } })
    })
    const y = e.node("MatMul", [first!, second!])
    return alpha === 1 ? y : e.node("Mul", [y, e.scalar(alpha)])
  }

/** alpha · op(a) · op(b) of two program nodes. */
export const product = (
  view: View,
  [left, right]: readonly [number, number],
  { transA, transB, alpha }: { readonly transA: boolean; readonly transB: boolean; readonly alpha: number },
  fuses: boolean
): Plan => {
  const rank = view.nodes[left]!.shape.length
  const a = operand(view, left, transA)
  const b = operand(view, right, transB)
  const quantised = rank === 2 ? quantisedProduct(view, a, b, alpha) : undefined
  if (quantised !== undefined) return quantised
  const plain = alpha === 1 && !a.trans && !b.trans && !a.transBatch && !b.transBatch
  return {
    args: [a.id, b.id],
    emit: (e, names) => {
      if (plain) return e.node("MatMul", names)
      const common = { transA: a.trans ? 1 : 0, transB: b.trans ? 1 : 0, alpha: float(alpha) }
      if (rank === 2 && a.trans && !b.trans && isLarge(view, a.id) && isLarge(view, b.id)) {
        return columnProduct(e, names, alpha, size(view, a.id) < size(view, b.id))
      }
      if (rank === 2) return e.node("Gemm", names, { attributes: common })
      return (fuses ? fused : standard(rank))(e, names, [a, b], alpha)
    }
  }
}

/** @param fuses whether the provider has a product of batches that reads through transpositions */
export const matMul =
  (fuses: boolean): Rule<"MatMul"> =>
  ({ view, node, op }) =>
    product(view, [node.args[0]!, node.args[1]!], op, fuses)

/** What is added to a product of matrices, a row or a whole matrix, is the third operand of Gemm. */
export const biased = (view: View, id: number): Plan | undefined => {
  const node = view.nodes[id]!
  const products = node.args.map((a) => whenOp(view, a, "MatMul"))
  // The later product joins, so that a sum of many products is a chain of additions in place.
  const at = node.args.reduce((best, a, i) => {
    const free = products[i]?.shape.length === 2 && view.users[a]!.length === 1
    return free && (best < 0 || a > node.args[best]!) ? i : best
  }, -1)
  const linear = products[at]
  if (linear === undefined || !Shapes.equal(linear.shape, node.shape)) return undefined
  const bias = node.args[1 - at]!
  if (linear.args.some((a) => whenOp(view, operand(view, a, false).id, "Dequantize") !== undefined)) return undefined
  if (bias === node.args[at] || view.nodes[bias]!.shape.length !== 2) return undefined
  // The kernel writes the third operand to the result first, on one thread.
  if (isLarge(view, id)) return undefined
  const a = operand(view, linear.args[0]!, linear.op.transA)
  const b = operand(view, linear.args[1]!, linear.op.transB)
  return {
    args: [a.id, b.id, bias],
    emit: (e, names) =>
      e.node("Gemm", names, {
        attributes: { transA: a.trans ? 1 : 0, transB: b.trans ? 1 : 0, alpha: float(linear.op.alpha) }
      })
  }
}

/** softmax(scores) · values; the softmax is shared with whoever else asks for it. */
export const attend =
  (fuses: boolean): Rule<"Attend"> =>
  ({ view, node }) => {
    const values = operand(view, node.args[1]!, false)
    const rank = node.shape.length
    return {
      args: [node.args[0]!, values.id],
      emit: (e, [scores, v]) => {
        const weights = e.node("Softmax", [scores!], { attributes: { axis: -1 } })
        if (!values.trans && !values.transBatch) return e.node("MatMul", [weights, v!])
        const plain: Operand = { id: node.args[0]!, trans: false, transBatch: false }
        return rank === 2
          ? e.node("Gemm", [weights, v!], { attributes: { transA: 0, transB: values.trans ? 1 : 0, alpha: float(1) } })
          : (fuses ? fused : standard(rank))(e, [weights, v!], [plain, values], 1)
      }
    }
  }
