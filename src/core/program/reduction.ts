import { apply, axisOf, type Expr, expectDType, refuseShape } from "./Expr.ts"
import { mul } from "./elementwise.ts"

const allAxes = (x: Expr): ReadonlyArray<number> => x.shape.map((_, axis) => axis)

const reduced = (op: string, x: Expr, axes: ReadonlyArray<number> | undefined) => {
  const chosen = [...new Set((axes ?? allAxes(x)).map((axis) => axisOf(op, x, axis)))].sort((a, b) => a - b)
  return { axes: chosen, shape: x.shape.map((d, axis) => (chosen.includes(axis) ? 1 : d)) }
}

/** Sum over the axes (all of them by default), which keep size 1. An empty axis sums to 0. */
export const sum = (x: Expr, axes?: ReadonlyArray<number>): Expr => {
  const to = reduced("ReduceSum", x, axes)
  if (x.dtype === "bool") expectDType("ReduceSum", [x], "f32")
  return apply({ _tag: "ReduceSum", axes: to.axes }, [x], to.shape, x.dtype)
}

/** Arithmetic mean over the axes (all by default), which keep size 1. */
export const mean = (x: Expr, axes?: ReadonlyArray<number>): Expr => {
  const total = sum(x, axes)
  const ratio = total.shape.reduce((n, d) => n * d, 1) / x.shape.reduce((n, d) => n * d, 1)
  return mul(total, ratio)
}

/** Largest element over the axes (all by default), which keep size 1; ties share the derivative equally. */
export const reduceMax = (x: Expr, axes?: ReadonlyArray<number>): Expr => {
  const to = reduced("ReduceMax", x, axes)
  expectDType("ReduceMax", [x], "f32")
  if (to.axes.some((axis) => x.shape[axis] === 0)) return refuseShape("ReduceMax", [x], "an empty axis has no maximum.")
  return apply({ _tag: "ReduceMax", axes: to.axes }, [x], to.shape, "f32")
}

/** Inclusive running sum along an axis; `reverse` runs from the end. */
export const cumSum = (x: Expr, axis: number, reverse = false): Expr => {
  if (x.dtype === "bool") expectDType("CumSum", [x], "f32")
  return apply({ _tag: "CumSum", axis: axisOf("CumSum", x, axis), reverse }, [x], x.shape, x.dtype)
}

const lastAxisTo = (op: string, x: Expr, n: number): ReadonlyArray<number> =>
  x.shape.map((d, axis) => (axis === axisOf(op, x, -1) ? n : d))

/** Index of the first maximum of the last axis, which keeps size 1. */
export const argMax = (x: Expr): Expr => {
  expectDType("ArgMax", [x], "f32")
  return apply({ _tag: "ArgMax" }, [x], lastAxisTo("ArgMax", x, 1), "i32")
}

/** The k largest values of the last axis in descending order, with their indices. */
export const topK = (x: Expr, k: number): { readonly values: Expr; readonly indices: Expr } => {
  expectDType("TopK", [x], "f32")
  const shape = lastAxisTo("TopK", x, k)
  const width = x.shape[x.shape.length - 1]!
  if (!(Number.isInteger(k) && k >= 1 && k <= width)) refuseShape("TopK", [x], `needs 1 <= k <= ${width}, got ${k}.`)
  return {
    values: apply({ _tag: "TopKValues", k }, [x], shape, "f32"),
    indices: apply({ _tag: "TopKIndices", k }, [x], shape, "i32")
  }
}
