import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Arena } from "../Arena.ts"
import { scalarOf } from "./elementwise.ts"
import type { Rule } from "./Plan.ts"

const lastAxis = (x: TensorInfo): number => x.shape.length - 1

export const softmax: Rule<"Softmax"> = ({ node }) => ({
  args: node.args,
  run: (k, [x]) => k.run("Softmax", { logits: x! }, { dim: lastAxis(x!) })
})

/** (x - max) - log Σ e^(x - max): the maximum goes first, or a large one would swallow a small logarithm. */
export const logSoftmax: Rule<"LogSoftmax"> = ({ node }) => ({
  args: node.args,
  run: (k, args) => {
    const x = args[0]!
    const top = k.run("Max", { x }, { reductionIndices: [lastAxis(x)], keepDims: true })
    const shifted = k.run("Sub", { a: x, b: top })
    const total = k.run("Sum", { x: k.run("Exp", { x: shifted }) }, { axis: [lastAxis(x)], keepDims: true })
    return k.run("Sub", { a: shifted, b: k.run("Log", { x: total }) })
  }
})

/** 1/√(mean(x²) + epsilon) of each row. */
const scales = (k: Arena, x: TensorInfo, epsilon: number): TensorInfo => {
  const squares = k.run("Sum", { x: k.run("Multiply", { a: x, b: x }) }, { axis: [lastAxis(x)], keepDims: true })
  const mean = k.run("Multiply", { a: squares, b: k.make(scalarOf(1 / x.shape[lastAxis(x)]!, "f32")) })
  return k.run("Rsqrt", { x: k.run("Add", { a: mean, b: k.make(scalarOf(epsilon, "f32")) }) })
}

export const rmsScale: Rule<"RmsScale"> = ({ node, op }) => ({
  args: node.args,
  run: (k, [x]) => scales(k, x!, op.epsilon)
})

export const rmsNorm: Rule<"RmsNorm"> = ({ node, op }) => ({
  args: node.args,
  run: (k, [x, weight]) =>
    k.run("Multiply", { a: k.run("Multiply", { a: x!, b: scales(k, x!, op.epsilon) }), b: weight! })
})
