import type { Feeds } from "../../service/index.ts"
import { Shapes, type Tensor } from "../../tensor/index.ts"

/** Floats agree when |a - b| <= absolute + relative·scale; infinities and NaN must match, integers be equal. */
export interface Tolerance {
  readonly relative: number
  readonly absolute: number
  /** What `relative` is of: |b| itself, the default, or the largest |b| of its tensor. */
  readonly of?: "element" | "tensor"
  /** Why this much. */
  readonly reason: string
}

const exact: Tolerance = { relative: 0, absolute: 0, reason: "integers are exact" }

const finite = (x: number): number => (Number.isFinite(x) ? Math.abs(x) : 0)

const largest = (t: Tensor): number => {
  let most = 0
  for (const x of t.data) most = Math.max(most, finite(x))
  return most
}

const typed = (t: Tensor): string => `${t.dtype}${Shapes.print(t.shape)} with ${t.data.length} elements`

/** How two tensors differ, in words; `undefined` when they agree. */
export const difference = (found: Tensor, expected: Tensor, tolerance: Tolerance): string | undefined => {
  if (typed(found) !== typed(expected)) return `is ${typed(found)}, not ${typed(expected)}`
  const { absolute, relative, of = "element" } = expected.dtype === "f32" ? tolerance : exact
  const scale = of === "tensor" ? largest(expected) : 0
  for (const [i, b] of expected.data.entries()) {
    const a = found.data[i]!
    if (Object.is(a, b) || a === b) continue
    if (Math.abs(a - b) <= absolute + relative * (of === "tensor" ? scale : Math.abs(b))) continue
    return `[${i}] is ${a}, not ${b}`
  }
  return undefined
}

/** How two answers differ, names included; `undefined` when they agree. */
export const disagreement = (found: Feeds, expected: Feeds, tolerance: Tolerance): string | undefined => {
  const [own, other] = [Object.keys(found).sort().join(", "), Object.keys(expected).sort().join(", ")]
  if (own !== other) return `it has the outputs ${own || "none"}, not ${other || "none"}`
  for (const [name, t] of Object.entries(expected)) {
    const wrong = difference(found[name]!, t, tolerance)
    if (wrong !== undefined) return `output ${name} ${wrong}`
  }
  return undefined
}

/** How two lists of numbers differ, each by its place; `undefined` when they agree. */
export const unlike = (
  found: ReadonlyArray<number>,
  expected: ReadonlyArray<number>,
  tolerance: Tolerance
): string | undefined => {
  const list = (xs: ReadonlyArray<number>): Tensor => ({
    dtype: "f32",
    shape: [xs.length],
    data: Float64Array.from(xs)
  })
  return difference(list(found), list(expected), tolerance)
}
