import type { DType } from "./DType.ts"
import { equal, print, type Shape } from "./Shape.ts"

/** What a tensor is, wherever its elements lie. */
export interface Kind {
  readonly dtype: DType
  readonly shape: Shape
}

/** `f32[2,3]` as text. */
export const show = ({ dtype, shape }: Kind): string => `${dtype}${print(shape)}`

/** Whether two are of one dtype, and their rows (axis 0) of one shape; a scalar has no rows. */
const sameRows = (a: Kind, b: Kind): boolean =>
  a.dtype === b.dtype && a.shape.length > 0 && b.shape.length > 0 && equal(a.shape.slice(1), b.shape.slice(1))

/** Whether the first rows of `held`, or all of it, are a tensor of the kind `part`. */
export const begins = (held: Kind, part: Kind): boolean =>
  (held.dtype === part.dtype && equal(held.shape, part.shape)) ||
  (sameRows(held, part) && held.shape[0]! >= part.shape[0]!)

/** Why `rows` cannot be written into `held` from row `at` on; `undefined` where they can. */
export const misplaced = (held: Kind, rows: Kind, at: number): string | undefined => {
  if (!sameRows(held, rows)) return `rows of ${show(rows)} do not fit ${show(held)}.`
  const [count, room] = [rows.shape[0]!, held.shape[0]!]
  return Number.isInteger(at) && at >= 0 && at + count <= room
    ? undefined
    : `rows ${at} to ${at + count} are outside its ${room} rows.`
}
