import type { Node, OpOf } from "../../../core/program/index.ts"
import { type Emitter, float } from "./Emitter.ts"
import { type Rule, type View, whenOp } from "./Plan.ts"

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
  const width = view.nodes[x]!.shape.at(-1)!
  return {
    args: [x],
    emit: (e, [x]) => {
      const mean = e.node("Mul", [e.node("ReduceSumSquare", [x!, e.ints([-1])]), e.scalar(1 / width)])
      return e.node("Reciprocal", [e.node("Sqrt", [e.node("Add", [mean, e.scalar(op.epsilon)])])])
    }
  }
}
