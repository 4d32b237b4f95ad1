import type { TensorInfo } from "@tensorflow/tfjs-core"
import { Shapes } from "../../../core/tensor/index.ts"
import type { Arena } from "../Arena.ts"
import { scalarOf } from "./elementwise.ts"
import type { Rule } from "./Plan.ts"

export interface ProductOptions {
  readonly transA: boolean
  readonly transB: boolean
  readonly alpha: number
}

/** How products are made: alpha · op(a) · op(b) of a shape. */
export type Multiply = (
  k: Arena,
  operands: readonly [TensorInfo, TensorInfo],
  shape: ReadonlyArray<number>,
  options: ProductOptions
) => TensorInfo

/** A tensor under a shape of rank 3: one axis for all batches. */
const batched = (k: Arena, x: TensorInfo): TensorInfo =>
  k.run("Reshape", { x }, { shape: [Shapes.size(x.shape.slice(0, -2)), ...x.shape.slice(-2)] })

/** Repeats batches, unless there is one only, which the kernel repeats by itself. */
const spreadBatches = (k: Arena, x: TensorInfo, batch: ReadonlyArray<number>): TensorInfo => {
  const own = x.shape.slice(0, -2)
  if (Shapes.equal(own, batch) || Shapes.size(own) === 1) return x
  return k.run("Tile", { x }, { reps: [...batch.map((d, axis) => (own[axis] === d ? 1 : d)), 1, 1] })
}

/** alpha · x. */
export const scaled = (k: Arena, x: TensorInfo, alpha: number): TensorInfo =>
  alpha === 1 ? x : k.run("Multiply", { a: x, b: k.make(scalarOf(alpha, "f32")) })

/** Products by the kernel of TensorFlow.js. */
export const product: Multiply = (k, [a, b], shape, { transA, transB, alpha }) => {
  const batch = shape.slice(0, -2)
  const [x, y] = [a, b].map((t) => batched(k, spreadBatches(k, t, batch)))
  const flat = k.run("BatchMatMul", { a: x!, b: y! }, { transposeA: transA, transposeB: transB })
  return k.run("Reshape", { x: scaled(k, flat, alpha) }, { shape: [...shape] })
}

/** The rule of products made in some way. */
export const multiplying =
  (multiply: Multiply): Rule<"MatMul"> =>
  ({ node, op }) => ({ args: node.args, run: (k, [a, b]) => multiply(k, [a!, b!], node.shape, op) })

export const matMul = multiplying(product)

/** The rule of attention with products made in some way. */
export const attending =
  (multiply: Multiply): Rule<"Attend"> =>
  ({ node }) => ({
    args: node.args,
    run: (k, [scores, values]) => {
      const weights = k.run("Softmax", { logits: scores! }, { dim: scores!.shape.length - 1 })
      return multiply(k, [weights, values!], node.shape, { transA: false, transB: false, alpha: 1 })
    }
  })

export const attend = attending(product)
