import { Shapes } from "../tensor/index.ts"
import type { Kernel, Value } from "./Kernel.ts"
import { broadcastStrides, eachRow, readStrided } from "./strided.ts"

/** A value repeated to a larger shape; itself when the shape is its own. */
export const aligned = (x: Value, out: Value): Value["data"] => {
  if (x.data.length === out.data.length) return x.data
  const data = x.dtype === "f32" ? new Float64Array(out.data.length) : new Int32Array(out.data.length)
  if (x.data.length === 1) return data.fill(x.data[0]!)
  readStrided(x.data, 0, broadcastStrides(x.shape, out.shape), { dtype: x.dtype, shape: out.shape, data })
  return data
}

/** The same elements in the same order. */
export const copy = ([x]: readonly [Value], out: Value): void => out.data.set(x.data)

export const transpose: Kernel<"Transpose"> = ([x], out, { perm }) => {
  const strides = Shapes.strides(x.shape)
  readStrided(
    x.data,
    0,
    perm.map((axis) => strides[axis]!),
    out
  )
}

export const expand: Kernel<"Expand"> = ([x], out) => readStrided(x.data, 0, broadcastStrides(x.shape, out.shape), out)

export const slice: Kernel<"Slice"> = ([x], out, { axis, start }) => {
  const strides = Shapes.strides(x.shape)
  readStrided(x.data, start * strides[axis]!, strides, out)
}

/** Writes `x` into `out` from position `at` of an axis. */
const place = (x: Value, out: Value, axis: number, at: number): void => {
  const to = Shapes.strides(out.shape)
  const offset = at * to[axis]!
  const [from, y] = [x.data, out.data]
  eachRow(x.shape, Shapes.strides(x.shape), to, (i, j, n, _, step) => {
    for (let k = 0, l = offset + j; k < n; k++, l += step) y[l] = from[i + k]!
  })
}

export const pad: Kernel<"Pad"> = ([x], out, { axis, before }) => place(x, out, axis, before)

export const concat: Kernel<"Concat"> = (parts, out, { axis }) => {
  let at = 0
  for (const part of parts) {
    place(part, out, axis, at)
    at += part.shape[axis]!
  }
}
