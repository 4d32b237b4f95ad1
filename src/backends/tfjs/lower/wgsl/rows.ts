import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Node } from "../../../../core/program/index.ts"
import { Shapes } from "../../../../core/tensor/index.ts"
import type { Arena } from "../../Arena.ts"
import type { Multiply } from "../linear.ts"
import type { Rule } from "../Plan.ts"
import { alone, fold, type Lanes, type LanesFor, lane, launch, shared } from "./launch.ts"
import { functions, literal } from "./scalars.ts"

interface Row {
  readonly rows: number
  readonly width: number
  readonly lanes: Lanes
}

const rowOf = ({ shape }: Node, lanesFor: LanesFor): Row => {
  const width = shape[shape.length - 1]!
  return { rows: Shapes.size(shape) / width, width, lanes: lanesFor(width) }
}

const plus = (a: string, b: string): string => `${a} + ${b}`

const each = ({ width, lanes }: Row, ...statements: ReadonlyArray<string>): ReadonlyArray<string> => [
  `for (var c = first; c < ${width}; c += ${lanes}) {`,
  `let x = x0[base + c];`,
  ...statements,
  "}"
]

/** The largest of a row and Σ e^(x - largest), in `top` and `total`. */
const exponentials = (row: Row): ReadonlyArray<string> => [
  ...lane(row.lanes, row.rows),
  `let base = o * ${row.width};`,
  "var top = -uniforms.INFINITY;",
  ...each(row, "top = rf_max(top, x);"),
  ...fold("top", row.lanes, (a, b) => `rf_max(${a}, ${b})`),
  "var total = 0f;",
  ...each(row, "total += exp(x - top);"),
  ...fold("total", row.lanes, plus)
]

const start = (row: Row) => ({ head: functions + shared(row.lanes), invocations: row.rows * row.lanes })

const softmaxOf = (k: Arena, node: Node, x: TensorInfo, lanesFor: LanesFor): TensorInfo => {
  const row = rowOf(node, lanesFor)
  const body = [...exponentials(row), ...each(row, "result[base + c] = exp(x - top) / total;")]
  return launch(k, node, [x], { ...start(row), body })
}

/** 1/√(mean(x²) + epsilon) of a row, in `scale`. */
const scaled = (row: Row, epsilon: number): ReadonlyArray<string> => [
  ...lane(row.lanes, row.rows),
  `let base = o * ${row.width};`,
  "var squares = 0f;",
  ...each(row, "squares += x * x;"),
  ...fold("squares", row.lanes, plus),
  `let scale = inverseSqrt(squares / ${literal(row.width, "f32")} + ${literal(epsilon, "f32")});`
]

type RowTag = "Softmax" | "LogSoftmax" | "RmsScale" | "RmsNorm" | "ArgMax" | "Attend"

/** The rules of operations on rows; products after them are by `multiply`. */
export const rowRules = (lanesFor: LanesFor, multiply: Multiply): { readonly [T in RowTag]: Rule<T> } => ({
  Softmax: ({ node }) => ({ args: node.args, run: (k, [x]) => softmaxOf(k, node, x!, lanesFor) }),

  LogSoftmax: ({ node }) => {
    const row = rowOf(node, lanesFor)
    const body = [
      ...exponentials(row),
      "let logTotal = log(total);",
      // Not x - (top + logTotal): a large maximum would swallow a small logarithm.
      ...each(row, "result[base + c] = x - top - logTotal;")
    ]
    return { args: node.args, run: (k, xs) => launch(k, node, xs, { ...start(row), body }) }
  },

  RmsScale: ({ view, node, op }) => {
    const row = rowOf(view.nodes[node.args[0]!]!, lanesFor)
    const write = row.lanes === 1 ? "result[o] = scale;" : "if (localIndex == 0u) { result[o] = scale; }"
    const body = [...scaled(row, op.epsilon), write]
    return { args: node.args, run: (k, xs) => launch(k, node, xs, { ...start(row), body }) }
  },

  RmsNorm: ({ node, op }) => {
    const row = rowOf(node, lanesFor)
    const body = [...scaled(row, op.epsilon), ...each(row, "result[base + c] = x * scale * x1[c];")]
    return { args: node.args, run: (k, xs) => launch(k, node, xs, { ...start(row), body }) }
  },

  /** The first of the largest; a NaN is never larger. */
  ArgMax: ({ view, node }) => {
    const row = rowOf(view.nodes[node.args[0]!]!, alone)
    const body = [
      ...lane(1, row.rows),
      `let base = o * ${row.width};`,
      "var best = 0;",
      "var top = x0[base];",
      ...each(row, "if (x > top) { top = x; best = c; }"),
      "result[o] = best;"
    ]
    return { args: node.args, run: (k, xs) => launch(k, node, xs, { ...start(row), body }) }
  },

  Attend: ({ view, node }) => {
    const scores = view.nodes[node.args[0]!]!
    const options = { transA: false, transB: false, alpha: 1 }
    return {
      args: node.args,
      run: (k, [x, values]) => multiply(k, [softmaxOf(k, scores, x!, lanesFor), values!], node.shape, options)
    }
  }
})
