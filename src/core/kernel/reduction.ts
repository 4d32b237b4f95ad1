import { type Shape, Shapes } from "../tensor/index.ts"
import type { Kernel, Value } from "./Kernel.ts"
import { broadcastStrides, eachRow } from "./strided.ts"

/** Rows of `x` beside the place in `out` that each folds into. */
const fold = (
  x: Value,
  out: Value,
  visit: (from: number, to: number, n: number, stepIn: number, stepOut: number) => void
) => eachRow(x.shape, Shapes.strides(x.shape), broadcastStrides(out.shape, x.shape), visit)

export const reduceSum: Kernel<"ReduceSum"> = ([x], out) => {
  const [a, y] = [x.data, out.data]
  fold(x, out, (from, to, n, _, step) => {
    for (let i = 0, j = to; i < n; i++, j += step) y[j]! += a[from + i]!
  })
}

export const reduceMax: Kernel<"ReduceMax"> = ([x], out) => {
  const [a, y] = [x.data, out.data.fill(-Infinity)]
  fold(x, out, (from, to, n, _, step) => {
    for (let i = 0, j = to; i < n; i++, j += step) y[j] = Math.max(y[j]!, a[from + i]!)
  })
}

/** The number of elements before, along and after an axis. */
const around = (shape: Shape, axis: number): readonly [number, number, number] => [
  Shapes.size(shape.slice(0, axis)),
  shape[axis]!,
  Shapes.size(shape.slice(axis + 1))
]

export const cumSum: Kernel<"CumSum"> = ([x], out, { axis, reverse }) => {
  const [outer, n, inner] = around(x.shape, axis)
  const [a, y] = [x.data, out.data]
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < n; k++) {
      const at = (o * n + (reverse ? n - 1 - k : k)) * inner
      const before = reverse ? at + inner : at - inner
      for (let i = 0; i < inner; i++) y[at + i] = a[at + i]! + (k === 0 ? 0 : y[before + i]!)
    }
  }
}

const width = (x: Value): number => x.shape[x.shape.length - 1]!

export const argMax: Kernel<"ArgMax"> = ([x], out) => {
  const n = width(x)
  for (let row = 0; row < out.data.length; row++) {
    let best = 0
    for (let i = 1; i < n; i++) if (x.data[row * n + i]! > x.data[row * n + best]!) best = i
    out.data[row] = best
  }
}

/** Visits the k largest of each row with their position in the result; equal values in order of index. */
const topK = (x: Value, k: number, visit: (to: number, from: number, index: number) => void): void => {
  const n = width(x)
  for (let row = 0; row * n < x.data.length; row++) {
    const values = x.data.subarray(row * n, (row + 1) * n)
    const order = Array.from(values, (_, i) => i).sort((i, j) => values[j]! - values[i]! || i - j)
    for (let i = 0; i < k; i++) visit(row * k + i, row * n + order[i]!, order[i]!)
  }
}

export const topKValues: Kernel<"TopKValues"> = ([x], out, { k }) =>
  topK(x, k, (to, from) => {
    out.data[to] = x.data[from]!
  })

export const topKIndices: Kernel<"TopKIndices"> = ([x], out, { k }) =>
  topK(x, k, (to, _, index) => {
    out.data[to] = index
  })
