import { type Rule, type View, whenOp } from "./Plan.ts"

/** x when the node is x·x. */
const squared = (view: View, id: number): number | undefined => {
  const product = whenOp(view, id, "Mul")
  if (product !== undefined && product.args[0] === product.args[1]) return product.args[0]
  const power = whenOp(view, id, "Pow")
  return power !== undefined && power.op.exponent === 2 ? power.args[0] : undefined
}

/** Σ x² has a kernel of its own, and no axes means no reduction. */
export const reduceSum: Rule<"ReduceSum"> = ({ view, node, op }) => {
  const base = node.dtype === "f32" ? squared(view, node.args[0]!) : undefined
  return {
    args: [base ?? node.args[0]!],
    emit: (e, [x]) => {
      if (op.axes.length === 0) return base === undefined ? x! : e.node("Mul", [x!, x!])
      return e.node(base === undefined ? "ReduceSum" : "ReduceSumSquare", [x!, e.ints(op.axes)])
    }
  }
}

export const reduceMax: Rule<"ReduceMax"> = ({ node, op }) => ({
  args: node.args,
  emit: (e, [x]) => (op.axes.length === 0 ? x! : e.node("ReduceMax", [x!, e.ints(op.axes)]))
})

export const cumSum: Rule<"CumSum"> = ({ node, op }) => ({
  args: node.args,
  emit: (e, [x]) => e.node("CumSum", [x!, e.scalar(op.axis, "i32")], { attributes: { reverse: op.reverse ? 1 : 0 } })
})

const toInt32 = { attributes: { to: 6 } }

/** ONNX returns positions as int64. */
export const argMax: Rule<"ArgMax"> = ({ node }) => ({
  args: node.args,
  emit: (e, [x]) => e.node("Cast", [e.node("ArgMax", [x!], { attributes: { axis: -1, keepdims: 1 } })], toInt32)
})

const bothTopK = { attributes: { axis: -1, largest: 1, sorted: 1 }, outputs: 2 }

export const topKValues: Rule<"TopKValues"> = ({ node, op }) => ({
  args: node.args,
  emit: (e, [x]) => e.nodes("TopK", [x!, e.ints([op.k])], bothTopK)[0]!
})

export const topKIndices: Rule<"TopKIndices"> = ({ node, op }) => ({
  args: node.args,
  emit: (e, [x]) => e.node("Cast", [e.nodes("TopK", [x!, e.ints([op.k])], bothTopK)[1]!], toInt32)
})
