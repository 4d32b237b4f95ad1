import { Shapes, type Tensor } from "../../src/core/tensor/index.ts"

/** Floats agree when |a - b| <= absolute + relative·|b|; infinities and NaN must match, integers be equal. */
export interface Tolerance {
  readonly relative: number
  readonly absolute: number
  /** Why this much. */
  readonly reason: string
}

const agree = (a: number, b: number, { relative, absolute }: Tolerance): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= absolute + relative * Math.abs(b)

/** How two tensors differ, in words; `undefined` when they agree. */
export const difference = (found: Tensor, expected: Tensor, tolerance: Tolerance): string | undefined => {
  const typed = (t: Tensor) => `${t.dtype}${Shapes.print(t.shape)} with ${t.data.length} elements`
  if (typed(found) !== typed(expected)) return `is ${typed(found)}, not ${typed(expected)}`
  const exact: Tolerance = { relative: 0, absolute: 0, reason: "integers are exact" }
  for (const [i, b] of expected.data.entries()) {
    const a = found.data[i]!
    if (!agree(a, b, expected.dtype === "f32" ? tolerance : exact)) return `[${i}] is ${a}, not ${b}`
  }
  return undefined
}
