import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Arena } from "../Arena.ts"
import type { Rule } from "./Plan.ts"

export const reduceSum: Rule<"ReduceSum"> = ({ node, op }) => ({
  args: node.args,
  run: (k, [x]) =>
    op.axes.length === 0 ? k.share(x!) : k.run("Sum", { x: x! }, { axis: [...op.axes], keepDims: true })
})

export const reduceMax: Rule<"ReduceMax"> = ({ node, op }) => ({
  args: node.args,
  run: (k, [x]) =>
    op.axes.length === 0 ? k.share(x!) : k.run("Max", { x: x! }, { reductionIndices: [...op.axes], keepDims: true })
})

export const cumSum: Rule<"CumSum"> = ({ node, op }) => ({
  args: node.args,
  run: (k, [x]) => k.run("Cumsum", { x: x! }, { axis: op.axis, exclusive: false, reverse: op.reverse })
})

export const argMax: Rule<"ArgMax"> = ({ node }) => ({
  args: node.args,
  run: (k, [x]) => {
    const found = k.run("ArgMax", { x: x! }, { axis: node.shape.length - 1 })
    return k.run("Reshape", { x: found }, { shape: [...node.shape] })
  }
})

const topK = (k: Arena, x: TensorInfo, count: number): ReadonlyArray<TensorInfo> =>
  k.results("TopK", { x }, { k: count, sorted: true })

export const topKValues: Rule<"TopKValues"> = ({ node, op }) => ({
  args: node.args,
  run: (k, [x]) => topK(k, x!, op.k)[0]!
})

export const topKIndices: Rule<"TopKIndices"> = ({ node, op }) => ({
  args: node.args,
  run: (k, [x]) => topK(k, x!, op.k)[1]!
})
