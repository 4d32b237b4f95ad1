import type * as Lowering from "../../../core/lowering/index.ts"
import type { Node, OpOf } from "../../../core/program/index.ts"
import { type Shape, Shapes } from "../../../core/tensor/index.ts"
import { type Emitter, microsoft } from "./Emitter.ts"
import { type Plan, type Rule, type View, whenOp } from "./Plan.ts"

type Quantised = Node & { readonly op: OpOf<"Dequantize"> }

const onnxType = { uint8: 2, uint32: 12 } as const

/** Bytes of one row of codes, and of one row of zero points. */
const rowsOf = (nodes: ReadonlyArray<Node>, { args }: Quantised) => {
  const [N, blocks] = nodes[args[1]!]!.shape as readonly [number, number]
  return { N, blocks, codes: nodes[args[0]!]!.shape[1]! * 4, zeros: Math.ceil(blocks / 2) }
}

/** Shape of an operand's bytes as the engine's quantised product takes them; undefined where they are padded. */
const byteShape = (nodes: ReadonlyArray<Node>, quantised: Quantised, operand: number): Shape | undefined => {
  const { N, blocks, codes, zeros } = rowsOf(nodes, quantised)
  const shape = operand === 0 ? [N, blocks, codes / blocks] : [N, zeros]
  return 4 * Shapes.size(nodes[quantised.args[operand]!]!.shape) === Shapes.size(shape) ? shape : undefined
}

/**
 * Inputs whose words a model takes as bytes, with the shape of these: those that nothing but dequantisation reads, and
 * always alike. The engine's quantised product wants them so, and reinterpreting words is no operator.
 */
export const byteInputs = ({ nodes, users, visible }: Lowering.View): ReadonlyMap<number, Shape> => {
  const found = new Map<number, Shape>()
  for (const [id, { op, dtype }] of nodes.entries()) {
    if (op._tag !== "Input" || dtype !== "i32" || visible.has(id) || users[id]!.length === 0) continue
    const shapes = users[id]!.flatMap((user) => {
      const node = nodes[user]!
      if (node.op._tag !== "Dequantize") return [undefined]
      return node.args.flatMap((a, k) => (a === id ? [byteShape(nodes, node as Quantised, k)] : []))
    })
    const first = shapes[0]
    if (first !== undefined && shapes.every((s) => s !== undefined && Shapes.equal(s, first))) found.set(id, first)
  }
  return found
}

const cast = (e: Emitter, x: string, to: keyof typeof onnxType): string =>
  e.node("Cast", [x], { attributes: { to: onnxType[to] } })

/** Codes as one byte each, from packed bytes or from words: [count], the lowest bits first. */
const unpacked = (e: Emitter, x: string, from: "uint8" | "words"): string => {
  const type = from === "uint8" ? "uint8" : "uint32"
  const parts = from === "uint8" ? [0, 4] : [0, 4, 8, 12, 16, 20, 24, 28]
  const number = (values: ReadonlyArray<number>) => cast(e, e.integers(values, [values.length]), type)
  const column = e.node("Reshape", [from === "uint8" ? x : cast(e, x, "uint32"), e.ints([-1, 1])])
  const shifted = e.node("BitShift", [column, number(parts)], { attributes: { direction: "RIGHT" } })
  const low = e.node("BitwiseAnd", [shifted, number([15])])
  return e.node("Reshape", [from === "uint8" ? low : cast(e, low, "uint8"), e.ints([-1])])
}

/** The first `count` of a list in rows of `width`, of which `kept` columns remain. */
const cut = (e: Emitter, list: string, [N, width, kept]: readonly [number, number, number]): string => {
  const exact = e.node("Slice", [list, e.ints([0]), e.ints([N * width]), e.ints([0])])
  const rows = e.node("Reshape", [exact, e.ints([N, width])])
  return width === kept ? rows : e.node("Slice", [rows, e.ints([0]), e.ints([kept]), e.ints([1])])
}

/** The zero points of all blocks, [N, blocks], one byte each. */
const zeroPoints = (e: Emitter, view: View, node: Quantised, zeros: string): string => {
  const rows = rowsOf(view.nodes, node)
  const from = view.bytes.has(node.args[2]!) ? "uint8" : "words"
  return cut(e, unpacked(e, zeros, from), [rows.N, 2 * rows.zeros, rows.blocks])
}

/** The first columns of a matrix, without the padding of its last block. */
const trimmed = (e: Emitter, x: string, width: number, padded: number): string =>
  width === padded ? x : e.node("Slice", [x, e.ints([0]), e.ints([width]), e.ints([1])])

export const dequantize: Rule<"Dequantize"> = ({ view, node, op }) => {
  const quantised = node as Quantised
  const { N, blocks } = rowsOf(view.nodes, quantised)
  return {
    args: node.args,
    emit: (e, [codes, scales, zeros]) => {
      const width = blocks * op.block
      const from = view.bytes.has(node.args[0]!) ? "uint8" : "words"
      const x = cut(e, unpacked(e, codes!, from), [N, width, width])
      const operands = [x, scales!, zeroPoints(e, view, quantised, zeros!)]
      const y = e.node("DequantizeLinear", operands, { attributes: { axis: 1, block_size: op.block } })
      return trimmed(e, y, op.width, width)
    }
  }
}

/** The engine's kernels know blocks of powers of two, and read bytes. */
const fusable = (view: View, { op, args }: Quantised): boolean =>
  op.block >= 16 && Number.isInteger(Math.log2(op.block)) && view.bytes.has(args[0]!) && view.bytes.has(args[2]!)

/** A matrix operand of a product, and whether its axes are exchanged. */
interface Side {
  readonly id: number
  readonly trans: boolean
}

/**
 * alpha · g · W with a quantised W [N, K], the gradient of what a quantised product reads: one product with the columns
 * that lie in the lower halves of the bytes, one with the others, and their columns side by side. Codes in the upper half
 * count 16 times, and so do their zeros, with a sixteenth of the scale: no byte need be shifted.
 */
const columnProducts = (view: View, g: Side, weight: Quantised, alpha: number): Plan => {
  const { op, args } = weight
  const { N, blocks } = rowsOf(view.nodes, weight)
  const M = view.nodes[g.id]!.shape[g.trans ? 1 : 0]!
  const half = (blocks * op.block) / 2
  return {
    args: [g.id, ...args],
    emit: (e, [rows, codes, scales, zeros]) => {
      const left = g.trans ? e.node("Transpose", [rows!], { attributes: { perm: [1, 0] } }) : rows!
      const bytes = e.node("Reshape", [codes!, e.ints([N, half])])
      const lowZeros = zeroPoints(e, view, weight, zeros!)
      const four = cast(e, e.integers([4], [1]), "uint8")
      const highZeros = e.node("BitShift", [lowZeros, four], { attributes: { direction: "LEFT" } })
      const highScales = e.node("Mul", [scales!, e.scalar(1 / 16)])
      const column = (mask: number, scale: string, zero: string): string => {
        const masked = e.node("BitwiseAnd", [bytes, cast(e, e.integers([mask], [1]), "uint8")])
        const attributes = { axis: 1, block_size: op.block / 2 }
        const product = e.node("MatMul", [left, e.node("DequantizeLinear", [masked, scale, zero], { attributes })])
        return e.node("Reshape", [product, e.ints([M * half, 1])])
      }
      const columns = [column(15, scales!, lowZeros), column(240, highScales, highZeros)]
      const joined = e.node("Concat", columns, { attributes: { axis: 1 } })
      const y = trimmed(e, e.node("Reshape", [joined, e.ints([M, 2 * half])]), op.width, 2 * half)
      return alpha === 1 ? y : e.node("Mul", [y, e.scalar(alpha)])
    }
  }
}

/**
 * alpha · x · Wᵀ, or its transpose W · xᵀ, with a quantised W [N, K], as the engine's own product, which never forms W;
 * or the gradient's product x · W.
 */
export const quantisedProduct = (view: View, a: Side, b: Side, alpha: number): Plan | undefined => {
  const below = b.trans ? undefined : whenOp(view, b.id, "Dequantize")
  if (below !== undefined && fusable(view, below)) return columnProducts(view, a, below, alpha)
  const right = b.trans ? whenOp(view, b.id, "Dequantize") : undefined
  const left = a.trans ? undefined : whenOp(view, a.id, "Dequantize")
  const weight = right ?? left
  if (weight === undefined || !fusable(view, weight)) return undefined
  // In W · xᵀ the other side is turned already where x is stored by rows.
  const x = right === undefined ? { id: b.id, trans: !b.trans } : a
  const { op, args } = weight
  return {
    args: [x.id, ...args],
    emit: (e, [rows, codes, scales, zeros]) => {
      const turn = (y: string): string => e.node("Transpose", [y], { attributes: { perm: [1, 0] } })
      const { N } = rowsOf(view.nodes, weight)
      const attributes = { K: op.width, N, bits: 4, block_size: op.block }
      const operands = [x.trans ? turn(rows!) : rows!, codes!, scales!, zeros!]
      const y = e.node("MatMulNBits", operands, { attributes, domain: microsoft })
      const scaled = alpha === 1 ? y : e.node("Mul", [y, e.scalar(alpha)])
      return right === undefined ? turn(scaled) : scaled
    }
  }
}
