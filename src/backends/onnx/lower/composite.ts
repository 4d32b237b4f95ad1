import type { Node, OpOf } from "../../../core/program/index.ts"
import { type Emitter, float } from "./Emitter.ts"
import { constantOf } from "./elementwise.ts"
import { type Plan, type Rule, type View, whenOp } from "./Plan.ts"

const lastAxis = { attributes: { axis: -1 } }

export const softmax: Rule<"Softmax"> = ({ node }) => ({
  args: node.args,
  emit: (e, names) => e.node("Softmax", names, lastAxis)
})

export const logSoftmax: Rule<"LogSoftmax"> = ({ node }) => ({
  args: node.args,
  emit: (e, names) => e.node("LogSoftmax", names, lastAxis)
})

/** ONNX Runtime's fused normalisation returns the normalised rows and their scale. */
const fused = (e: Emitter, x: string, weight: string, epsilon: number): ReadonlyArray<string> =>
  e.nodes("SimplifiedLayerNormalization", [x, weight], {
    attributes: { axis: -1, epsilon: float(epsilon), stash_type: 1 },
    outputs: 2
  })

export const rmsNorm: Rule<"RmsNorm"> = ({ node, op }) => ({
  args: node.args,
  emit: (e, [x, weight]) => fused(e, x!, weight!, op.epsilon)[0]!
})

/** A normalisation of the same rows whose weight comes earlier in the program, so that it can be emitted here. */
const sharedNorm = (view: View, id: number, scale: Node & { readonly op: OpOf<"RmsScale"> }): number | undefined =>
  view.users[scale.args[0]!]!.find((user) => {
    const norm = whenOp(view, user, "RmsNorm")
    return (
      norm !== undefined && norm.args[0] === scale.args[0] && norm.op.epsilon === scale.op.epsilon && norm.args[1]! < id
    )
  })

export const rmsScale: Rule<"RmsScale"> = ({ view, id, node, op }) => {
  const x = node.args[0]!
  const shared = sharedNorm(view, id, { ...node, op })
  if (shared !== undefined) {
    return { args: [x, view.nodes[shared]!.args[1]!], emit: (e, [x, w]) => fused(e, x!, w!, op.epsilon)[1]! }
  }
  return { args: [x], emit: (e, [x]) => scaleOf(e, x!, view.nodes[node.args[0]!]!.shape.at(-1)!, op.epsilon) }
}

/** 1/√(mean of x² + epsilon) of each row. */
const scaleOf = (e: Emitter, x: string, width: number, epsilon: number): string => {
  const mean = e.node("Mul", [e.node("ReduceSumSquare", [x, e.ints([-1])]), e.scalar(1 / width)])
  return e.node("Reciprocal", [e.node("Sqrt", [e.node("Add", [mean, e.scalar(epsilon)])])])
}

/** The same in operators of the standard, whose scale the gradient shares; the fused form's second output is wrong on WebGPU. */
export const plainRmsNorm: Rule<"RmsNorm"> = ({ view, node, op }) => ({
  args: node.args,
  emit: (e, [x, weight]) => {
    const scale = scaleOf(e, x!, view.nodes[node.args[0]!]!.shape.at(-1)!, op.epsilon)
    return e.node("Mul", [e.node("Mul", [x!, scale]), weight!])
  }
})

export const plainRmsScale: Rule<"RmsScale"> = ({ view, node, op }) => ({
  args: node.args,
  emit: (e, [x]) => scaleOf(e, x!, view.nodes[node.args[0]!]!.shape.at(-1)!, op.epsilon)
})

/** x - max - log Σ exp(x - max), where the fused operator would run on the processor. */
export const plainLogSoftmax: Rule<"LogSoftmax"> = ({ node }) => ({
  args: node.args,
  emit: (e, [x]) => {
    const axes = e.ints([-1])
    const shifted = e.node("Sub", [x!, e.node("ReduceMax", [x!, axes])])
    return e.node("Sub", [shifted, e.node("Log", [e.node("ReduceSum", [e.node("Exp", [shifted]), axes])])])
  }
})

/** x and its sigmoid when the node is the derivative of silu, σ + silu(x)·(1 - σ), and nobody else needs it. */
const siluSlope = (view: View, id: number) => {
  const sum = whenOp(view, id, "Add")
  if (sum === undefined || view.users[id]!.length > 1 || view.needed(id)) return undefined
  const [sigmoid, rest] = sum.args as readonly [number, number]
  const product = whenOp(view, rest, "Mul")
  const silu = product && whenOp(view, product.args[0]!, "Silu")
  const falling = product && whenOp(view, product.args[1]!, "Sub")
  const x = whenOp(view, sigmoid, "Sigmoid")?.args[0]
  const fits =
    silu !== undefined && silu.args[0] === x && falling?.args[1] === sigmoid && constantOf(view, falling.args[0]!) === 1
  return fits ? { sigmoid, silu: product!.args[0]! } : undefined
}

/**
 * The gradient of a gate: g·u·silu'(x), where silu(x)·u is there from the forward pass, is g·(s·u + σ·(u - s·u)).
 * Each of its steps reads and writes a whole feed-forward layer, and this form has one less.
 */
export const gateGradient = (view: View, id: number): Plan | undefined => {
  const [left, right] = view.nodes[id]!.args as readonly [number, number]
  const slope = siluSlope(view, right)
  const gated = whenOp(view, left, "Mul")
  if (slope === undefined || gated === undefined || view.users[left]!.length > 1 || view.needed(left)) return undefined
  const [first, second] = gated.args as readonly [number, number]
  for (const [g, u] of [[first, second] as const, [second, first] as const]) {
    const product = view.users[u]!.find((user) => {
      const args = whenOp(view, user, "Mul")?.args
      return user < id && args?.includes(slope.silu) && args.includes(u)
    })
    if (product === undefined) continue
    return {
      args: [g, u, product, slope.sigmoid],
      emit: (e, [g, u, su, sigmoid]) =>
        e.node("Mul", [g!, e.node("Add", [su!, e.node("Mul", [sigmoid!, e.node("Sub", [u!, su!])])])])
    }
  }
  return undefined
}
