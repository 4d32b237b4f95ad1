import { Shapes } from "../tensor/index.ts"
import { apply, type Expr, expectDType, refuseShape } from "./Expr.ts"

/** Rows of a table: table [V, D], ids [...] in 0..V-1, result [..., D]. An id out of range fails at run time. */
export const gather = (table: Expr, ids: Expr): Expr => {
  expectDType("Gather", [ids], "i32")
  if (table.shape.length !== 2) return refuseShape("Gather", [table, ids], "the table must be [V, D].")
  return apply({ _tag: "Gather" }, [table, ids], [...ids.shape, table.shape[1]!], table.dtype)
}

/** Adds rows into zeros: ids [...], updates [..., D], result [rows, D]. The adjoint of `gather`. */
export const scatterRows = (ids: Expr, updates: Expr, rows: number): Expr => {
  expectDType("ScatterRows", [ids], "i32")
  expectDType("ScatterRows", [updates], "f32")
  if (!Shapes.equal(ids.shape, updates.shape.slice(0, -1))) {
    return refuseShape("ScatterRows", [ids, updates], "updates must be [...ids, D].")
  }
  return apply({ _tag: "ScatterRows", rows }, [ids, updates], [rows, updates.shape[updates.shape.length - 1]!], "f32")
}

const leadingAgree = (a: Expr, b: Expr): boolean =>
  a.shape.length >= 1 && Shapes.equal(a.shape.slice(0, -1), b.shape.slice(0, -1)) && a.shape.length === b.shape.length

/** Elements of the last axis: data [..., V], ids [..., K], result [..., K]. */
export const gatherElements = (data: Expr, ids: Expr): Expr => {
  expectDType("GatherElements", [ids], "i32")
  if (!leadingAgree(data, ids)) return refuseShape("GatherElements", [data, ids], "all axes but the last must agree.")
  return apply({ _tag: "GatherElements" }, [data, ids], ids.shape, data.dtype)
}

/** Adds elements into zeros along the last axis: ids and updates [..., K], result [..., size]. */
export const scatterElements = (ids: Expr, updates: Expr, size: number): Expr => {
  expectDType("ScatterElements", [ids], "i32")
  expectDType("ScatterElements", [updates], "f32")
  if (!Shapes.equal(ids.shape, updates.shape) || ids.shape.length === 0) {
    return refuseShape("ScatterElements", [ids, updates], "ids and updates must have one shape of rank >= 1.")
  }
  return apply({ _tag: "ScatterElements", size }, [ids, updates], [...ids.shape.slice(0, -1), size], "f32")
}
