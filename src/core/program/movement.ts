import { type Shape, Shapes } from "../tensor/index.ts"
import { apply, axisOf, describe, type Expr, refuseShape } from "./Expr.ts"
import { DTypeMismatch } from "./errors.ts"

/** The same elements in row-major order under another shape; one size may be -1. */
export const reshape = (x: Expr, to: Shape): Expr => {
  const known = to.reduce((n, d) => (d === -1 ? n : n * d), 1)
  const shape = to.map((d) => (d === -1 ? Shapes.size(x.shape) / known : d))
  if (shape.some((d) => !Number.isInteger(d) || d < 0) || Shapes.size(shape) !== Shapes.size(x.shape)) {
    return refuseShape("Reshape", [x], `cannot become ${Shapes.print(to)}: the number of elements differs.`)
  }
  return Shapes.equal(shape, x.shape) ? x : apply({ _tag: "Reshape" }, [x], shape, x.dtype)
}

/** Axes in another order: axis i of the result is axis perm[i] of x. */
export const transpose = (x: Expr, perm: ReadonlyArray<number>): Expr => {
  if (perm.length !== x.shape.length || [...perm].sort((a, b) => a - b).some((p, i) => p !== i)) {
    return refuseShape("Transpose", [x], `perm [${perm.join(",")}] is no permutation of its ${x.shape.length} axes.`)
  }
  return apply(
    { _tag: "Transpose", perm },
    [x],
    perm.map((p) => x.shape[p]!),
    x.dtype
  )
}

/** Repeats axes of size 1 (or a scalar) to the given shape. */
export const expand = (x: Expr, to: Shape): Expr => {
  if (Shapes.equal(x.shape, to)) return x
  const common = Shapes.broadcast(x.shape, to)
  if (common === undefined || !Shapes.equal(common, to)) {
    return refuseShape("Expand", [x], `cannot become ${Shapes.print(to)}: only axes of size 1 expand.`)
  }
  return apply({ _tag: "Expand" }, [x], to, x.dtype)
}

/** Joins tensors along an axis; all other axes agree. */
export const concat = (xs: ReadonlyArray<Expr>, axis: number): Expr => {
  const first = xs[0]
  if (first === undefined) return refuseShape("Concat", [], "needs at least one operand.")
  const at = axisOf("Concat", first, axis)
  for (const x of xs) {
    if (x.dtype !== first.dtype) {
      throw new DTypeMismatch({ op: "Concat", operands: xs.map(describe), rule: "operands must share one dtype." })
    }
    if (x.shape.length !== first.shape.length || x.shape.some((d, i) => i !== at && d !== first.shape[i])) {
      return refuseShape("Concat", xs, `all axes but ${at} must agree.`)
    }
  }
  if (xs.length === 1) return first
  const total = xs.reduce((n, x) => n + x.shape[at]!, 0)
  return apply(
    { _tag: "Concat", axis: at },
    xs,
    first.shape.map((d, i) => (i === at ? total : d)),
    first.dtype
  )
}

/** Elements start to end (exclusive) of one axis; negative positions count from the end. */
export const slice = (x: Expr, axis: number, start: number, end?: number): Expr => {
  const at = axisOf("Slice", x, axis)
  const width = x.shape[at]!
  const from = start < 0 ? start + width : start
  const to = end === undefined ? width : end < 0 ? end + width : end
  if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && to <= width)) {
    return refuseShape("Slice", [x], `[${start}, ${end}) is outside axis ${at} of size ${width}.`)
  }
  if (from === 0 && to === width) return x
  const shape = x.shape.map((d, i) => (i === at ? to - from : d))
  return apply({ _tag: "Slice", axis: at, start: from, end: to }, [x], shape, x.dtype)
}

/** Splits an axis into consecutive parts of the given sizes, which add up to it. */
export const split = (x: Expr, axis: number, sizes: ReadonlyArray<number>): ReadonlyArray<Expr> => {
  const at = axisOf("Split", x, axis)
  const total = sizes.reduce((n, d) => n + d, 0)
  if (total !== x.shape[at]) refuseShape("Split", [x], `sizes [${sizes.join(",")}] do not add up to axis ${at}.`)
  let from = 0
  return sizes.map((d) => {
    from += d
    return slice(x, at, from - d, from)
  })
}

/** Zeros before and after along one axis. */
export const pad = (x: Expr, axis: number, before: number, after: number): Expr => {
  const at = axisOf("Pad", x, axis)
  if (!(before >= 0 && after >= 0)) return refuseShape("Pad", [x], `needs widths >= 0, got ${before} and ${after}.`)
  if (before === 0 && after === 0) return x
  const shape = x.shape.map((d, i) => (i === at ? d + before + after : d))
  return apply({ _tag: "Pad", axis: at, before, after }, [x], shape, x.dtype)
}
