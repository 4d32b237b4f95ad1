import type { TensorInfo } from "@tensorflow/tfjs-core"
import { operands } from "../../../core/lowering/index.ts"
import type { Node, OpOf, OpTag } from "../../../core/program/index.ts"
import { type DType, Shapes, type Tensor, Tensors } from "../../../core/tensor/index.ts"
import { type Arena, tfType } from "../Arena.ts"
import { onHost } from "./indexing.ts"
import type { Plan, Rule, View } from "./Plan.ts"

/** A rank-0 tensor of any dtype. */
export const scalarOf = (value: number, dtype: DType): Tensor =>
  dtype === "f32"
    ? Tensors.f32([value], [])
    : dtype === "i32"
      ? Tensors.i32([value], [])
      : Tensors.bool([value !== 0], [])

/** A plan whose kernels see one tensor an operand, spread over the shape or not. */
export const broadcasting = (
  view: View,
  node: Node,
  run: (k: Arena, xs: ReadonlyArray<TensorInfo>) => TensorInfo
): Plan => {
  const { args, each } = operands(view.nodes, node)
  const scalar = (k: Arena) => (value: number, dtype: DType) => k.make(scalarOf(value, dtype))
  return { args, run: (k, xs) => run(k, each(xs, scalar(k))) }
}

/** The kernel of the same meaning on one operand. */
export const unary =
  <T extends OpTag>(kernel: string): Rule<T> =>
  ({ node }) => ({ args: node.args, run: (k, [x]) => k.run(kernel, { x: x! }) })

/** The kernel of the same meaning on two operands. */
export const binary =
  <T extends OpTag>(kernel: string): Rule<T> =>
  ({ view, node }) =>
    broadcasting(view, node, (k, [a, b]) => k.run(kernel, { a: a!, b: b! }))

export const same: Rule<"StopGradient"> = ({ node }) => ({ args: node.args, run: (k, [x]) => k.share(x!) })

/** Comparisons of booleans go through integers. */
export const comparison =
  <T extends "Equal" | "Less" | "Greater">(kernel: string): Rule<T> =>
  ({ view, node }) =>
    broadcasting(view, node, (k, operands) => {
      const [a, b] = operands.map((x) => (x.dtype === "bool" ? k.run("Cast", { x }, { dtype: "int32" }) : x))
      return k.run(kernel, { a: a!, b: b! })
    })

/** x·σ(x). */
export const silu: Rule<"Silu"> = ({ node }) => ({
  args: node.args,
  run: (k, [x]) => k.run("Multiply", { a: x!, b: k.run("Sigmoid", { x: x! }) })
})

/** x² and √x and 1/x have kernels of their own. */
export const pow: Rule<"Pow"> = ({ node, op }) => ({
  args: node.args,
  run: (k, args) => {
    const x = args[0]!
    switch (op.exponent) {
      case 1:
        return k.share(x)
      case 2:
        return k.run("Multiply", { a: x, b: x })
      case 0.5:
        return k.run("Sqrt", { x })
      case -1:
        return k.run("Reciprocal", { x })
      default:
        return k.run("Pow", { a: x, b: k.make(scalarOf(op.exponent, "f32")) })
    }
  }
})

export const clip: Rule<"Clip"> = ({ node, op }) => ({
  args: node.args,
  run: (k, [x]) => k.run("ClipByValue", { x: x! }, { clipValueMin: op.min, clipValueMax: op.max })
})

/** What is not zero is true; other casts have a kernel. */
export const cast: Rule<"Cast"> = ({ view, node, op }) => {
  const from = view.nodes[node.args[0]!]!.dtype
  return {
    args: node.args,
    run: (k, [x]) =>
      op.to === "bool" && from !== "bool"
        ? k.run("NotEqual", { a: x!, b: k.make(scalarOf(0, from)) })
        : k.run("Cast", { x: x! }, { dtype: tfType[op.to] })
  }
}

/** Integers divide towards zero, and by zero to 0. */
export const div: Rule<"Div"> = (at) => (at.node.dtype === "f32" ? binary<"Div">("RealDiv")(at) : onHost(at))

/** A tensor repeated to a shape; itself where the shape is its own. */
export const spread = (k: Arena, x: TensorInfo, shape: Node["shape"]): TensorInfo => {
  if (Shapes.equal(x.shape, shape)) return x
  const from = x.shape.length === 0 ? k.run("Reshape", { x }, { shape: shape.map(() => 1) }) : x
  return k.run("Tile", { x: from }, { reps: shape.map((d, axis) => (from.shape[axis] === d ? 1 : d)) })
}

/** Repeats axes of size 1. */
export const expand: Rule<"Expand"> = ({ node }) => ({
  args: node.args,
  run: (k, [x]) => spread(k, x!, node.shape)
})

/** Selection broadcasts nothing, so that its operands are spread first. */
export const where: Rule<"Where"> = ({ node }) => ({
  args: node.args,
  run: (k, args) => {
    const [condition, t, e] = args.map((x) => spread(k, x, node.shape))
    return k.run("Select", { condition: condition!, t: t!, e: e! })
  }
})

export const full: Rule<"Full"> = ({ node, op }: { readonly node: Node; readonly op: OpOf<"Full"> }) => ({
  args: [],
  run: (k) => spread(k, k.make(scalarOf(op.value, node.dtype)), node.shape)
})
