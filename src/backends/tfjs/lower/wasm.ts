import type { TensorInfo } from "@tensorflow/tfjs-core"
import { Shapes } from "../../../core/tensor/index.ts"
import type { Arena } from "../Arena.ts"
import { binary, broadcasting, clip, spread } from "./elementwise.ts"
import { product, matMul as standardMatMul } from "./linear.ts"
import type { Rule, Rules } from "./Plan.ts"
import { standard } from "./standard.ts"

/** y, but x wherever that is NaN: the kernels in WebAssembly take the other operand there. */
const keepingNaN = (k: Arena, x: TensorInfo, y: TensorInfo): TensorInfo => {
  const operand = spread(k, x, y.shape)
  return k.run("Select", { condition: k.run("Equal", { a: operand, b: operand }), t: y, e: operand })
}

const extreme =
  <T extends "Max" | "Min">(kernel: "Maximum" | "Minimum"): Rule<T> =>
  (at) =>
    at.node.dtype === "f32"
      ? broadcasting(at.view, at.node, (k, [a, b]) =>
          keepingNaN(k, a!, keepingNaN(k, b!, k.run(kernel, { a: a!, b: b! })))
        )
      : binary<T>(kernel)(at)

/** A tensor with its last two axes exchanged. */
const turned = (k: Arena, x: TensorInfo): TensorInfo => {
  const last = x.shape.length - 1
  return k.run("Transpose", { x }, { perm: [...x.shape.keys()].with(last, last - 1).with(last - 1, last) })
}

/**
 * One product, its operands turned before it: the engine has a quick kernel for operands as they lie alone, and turning
 * costs next to nothing ([2048, 64] · [128, 64]ᵀ takes 1 ms in place of 37).
 */
const matMul: Rule<"MatMul"> = (at) => {
  const { node, op } = at
  if (Shapes.size(node.shape.slice(0, -2)) !== 1) return standardMatMul(at)
  return {
    args: node.args,
    run: (k, [a, b]) =>
      product(k, [op.transA ? turned(k, a!) : a!, op.transB ? turned(k, b!) : b!], node.shape, {
        transA: false,
        transB: false,
        alpha: op.alpha
      })
  }
}

/** The lowering for kernels in WebAssembly. */
export const wasmRules: Rules = {
  ...standard,
  MatMul: matMul,
  Max: extreme("Maximum"),
  Min: extreme("Minimum"),
  Clip: (at) => {
    const plan = clip(at)
    return plan && { ...plan, run: (k, [x]) => keepingNaN(k, x!, plan.run(k, [x!])) }
  }
}
