import { operands } from "../../../core/lowering/index.ts"
import type { Node, OpOf, OpTag } from "../../../core/program/index.ts"
import { type Emitter, float, microsoft, type NodeOptions } from "./Emitter.ts"
import { type Plan, type Rule, type View, whenOp } from "./Plan.ts"

/** A plan whose emission sees one name an operand, materialised or not. */
export const broadcasting = (
  view: View,
  node: Node,
  emit: (e: Emitter, names: ReadonlyArray<string>) => string
): Plan => {
  const { args, each } = operands(view.nodes, node)
  return { args, emit: (e, names) => emit(e, each(names, e.scalar)) }
}

/** The ONNX operator of the same meaning, on the same operands. */
export const direct =
  <T extends OpTag>(opType: string, options?: (op: OpOf<T>) => NodeOptions): Rule<T> =>
  ({ node, op }) => ({ args: node.args, emit: (e, names) => e.node(opType, names, options?.(op)) })

/** The ONNX operator of the same meaning, with ONNX broadcasting. */
export const elementwise =
  <T extends OpTag>(opType: string): Rule<T> =>
  ({ view, node }) =>
    broadcasting(view, node, (e, names) => e.node(opType, names))

/** A node's only value: a one-element constant or a `Full`. */
export const constantOf = (view: View, id: number): number | undefined => {
  const op = view.nodes[id]!.op
  if (op._tag === "Full") return op.value
  return op._tag === "Constant" && op.tensor.data.length === 1 ? op.tensor.data[0] : undefined
}

/** Integer division by zero would end the process, so a divisor that may be zero is replaced by one there. */
export const div: Rule<"Div"> = ({ view, node }) =>
  broadcasting(view, node, (e, [a, b]) => {
    const divisor = constantOf(view, node.args[1]!)
    if (node.dtype === "f32" || (divisor !== undefined && divisor !== 0)) return e.node("Div", [a!, b!])
    const isZero = e.node("Equal", [b!, e.scalar(0, "i32")])
    return e.node("Div", [a!, e.node("Where", [isZero, e.scalar(1, "i32"), b!])])
  })

/** x·x and 1/x and √x have kernels of their own. */
export const pow: Rule<"Pow"> = ({ node, op }) => ({
  args: node.args,
  emit: (e, [x]) => {
    switch (op.exponent) {
      case 1:
        return e.node("Identity", [x!])
      case 2:
        return e.node("Mul", [x!, x!])
      case 0.5:
        return e.node("Sqrt", [x!])
      case -1:
        return e.node("Reciprocal", [x!])
      default:
        return e.node("Pow", [x!, e.scalar(op.exponent)])
    }
  }
})

export const clip: Rule<"Clip"> = ({ node, op }) => ({
  args: node.args,
  emit: (e, [x]) => e.node("Clip", [x!, e.scalar(op.min), e.scalar(op.max)])
})

const onnxType = { f32: 1, i32: 6, bool: 9 } as const

export const cast: Rule<"Cast"> = ({ node, op }) => ({
  args: node.args,
  emit: (e, names) => e.node("Cast", names, { attributes: { to: onnxType[op.to] } })
})

/** x·σ(x) is QuickGelu with factor 1. */
export const silu: Rule<"Silu"> = direct("QuickGelu", () => ({ attributes: { alpha: float(1) }, domain: microsoft }))

/** ONNX Runtime selects numbers only: a boolean choice is (c ∧ a) ∨ (¬c ∧ b). */
export const where: Rule<"Where"> = ({ view, node }) =>
  broadcasting(view, node, (e, [c, a, b]) =>
    node.dtype === "bool"
      ? e.node("Or", [e.node("And", [c!, a!]), e.node("And", [e.node("Not", [c!]), b!])])
      : e.node("Where", [c!, a!, b!])
  )

/** Comparisons of booleans go through integers, except equality. */
export const comparison =
  <T extends "Less" | "Greater">(opType: T): Rule<T> =>
  ({ view, node }) =>
    broadcasting(view, node, (e, names) =>
      e.node(
        opType,
        view.nodes[node.args[0]!]!.dtype === "bool"
          ? names.map((n) => e.node("Cast", [n], { attributes: { to: onnxType.i32 } }))
          : names
      )
    )

/** The terms of a tree of additions, when there is more than one. */
export const terms = (view: View, id: number): ReadonlyArray<number> => {
  const node = whenOp(view, id, "Add")
  return node === undefined ? [id] : node.args.flatMap((a) => terms(view, a))
}
