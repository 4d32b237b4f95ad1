import { Shapes } from "../../../../core/tensor/index.ts"
import type { Multiply } from "../linear.ts"
import { indexed } from "./Body.ts"
import { launch } from "./launch.ts"
import { literal } from "./scalars.ts"

/** Rows and columns of the result that one invocation computes. */
const side = 4

const range = Array.from({ length: side }, (_, i) => i)

/** Where each batch of an operand begins, given the number of the batch. */
const batchOf = (own: ReadonlyArray<number>, batch: ReadonlyArray<number>, size: number): string => {
  const strides = Shapes.strides(own)
  const steps = batch.map((_, axis) => (own[axis] === 1 ? 0 : strides[axis]! * size))
  return indexed("batch", batch, steps)
}

/**
 * Products in tiles, each by one invocation that waits for no other: on processors the meetings of TensorFlow.js's own
 * kernels cost ten times what they save.
 */
export const tiles: Multiply = (k, [a, b], shape, { transA, transB, alpha }) => {
  const [M, N] = shape.slice(-2) as [number, number]
  const K = a.shape[a.shape.length - (transA ? 2 : 1)]!
  const batch = shape.slice(0, -2)
  const [down, across] = [Math.ceil(M / side), Math.ceil(N / side)]
  const invocations = Shapes.size(batch) * down * across
  const [ofA, ofB] = [a, b].map((x, i) => batchOf(x.shape.slice(0, -2), batch, i === 0 ? M * K : K * N))
  const factor = alpha === 1 ? "" : ` * ${literal(alpha, "f32")}`
  const left = (i: number): string => (transA ? `baseA + c * ${M} + m${i}` : `baseA + m${i} * ${K} + c`)
  const right = (j: number): string => (transB ? `baseB + n${j} * ${K} + c` : `baseB + c * ${N} + n${j}`)
  const body = [
    `if (index >= ${invocations}) { return; }`,
    `let batch = index / ${down * across};`,
    `let baseA = ${ofA};`,
    `let baseB = ${ofB};`,
    `let row = (index / ${across}) % ${down} * ${side};`,
    `let column = index % ${across} * ${side};`,
    ...range.map((i) => `let m${i} = min(row + ${i}, ${M - 1}); let n${i} = min(column + ${i}, ${N - 1});`),
    ...range.map((i) => `var t${i} = vec4<f32>();`),
    `for (var c = 0; c < ${K}; c++) {`,
    `let y = vec4<f32>(${range.map((j) => `x1[${right(j)}]`).join(", ")});`,
    ...range.map((i) => `t${i} += x0[${left(i)}] * y;`),
    "}",
    // Where the tile hangs over, its last row and column have been computed again: the same values are written there.
    ...range.flatMap((i) => range.map((j) => `result[batch * ${M * N} + m${i} * ${N} + n${j}] = t${i}[${j}]${factor};`))
  ]
  const node = { op: { _tag: "Full" as const, value: 0 }, args: [], shape, dtype: "f32" as const }
  return launch(k, node, [a, b], { head: "", body, invocations })
}
