import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Arena } from "../Arena.ts"
import { binary, broadcasting, clip, spread } from "./elementwise.ts"
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

/** The lowering for kernels in WebAssembly. */
export const wasmRules: Rules = {
  ...standard,
  Max: extreme("Maximum"),
  Min: extreme("Minimum"),
  Clip: (at) => {
    const plan = clip(at)
    return plan && { ...plan, run: (k, [x]) => keepingNaN(k, x!, plan.run(k, [x!])) }
  }
}
