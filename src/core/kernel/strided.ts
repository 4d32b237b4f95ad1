import { type Shape, Shapes } from "../tensor/index.ts"
import type { Data, Value } from "./Kernel.ts"

/** Strides of a tensor read as if it had the larger shape: repeated axes do not move. */
export const broadcastStrides = (from: Shape, to: Shape): ReadonlyArray<number> => {
  if (from.length === 0) return to.map(() => 0)
  const own = Shapes.strides(from)
  return to.map((d, axis) => (from[axis] === 1 && d !== 1 ? 0 : own[axis]!))
}

/**
 * Visits a tensor row by row in row-major order, following two sets of strides at once.
 *
 * The visitor gets both offsets of a row, its length and the two steps within it. Neighbouring axes that
 * both sides walk evenly are joined first, so rows are as long as they can be.
 */
export const eachRow = (
  shape: Shape,
  stridesA: ReadonlyArray<number>,
  stridesB: ReadonlyArray<number>,
  visit: (a: number, b: number, length: number, stepA: number, stepB: number) => void
): void => {
  if (Shapes.size(shape) === 0) return
  const axes: Array<{ size: number; a: number; b: number }> = []
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue
    const a = stridesA[axis]!
    const b = stridesB[axis]!
    const outer = axes[axes.length - 1]
    if (outer !== undefined && outer.a === a * size && outer.b === b * size) {
      axes[axes.length - 1] = { size: outer.size * size, a, b }
    } else axes.push({ size, a, b })
  }
  const row = axes.pop() ?? { size: 1, a: 0, b: 0 }
  const position = axes.map(() => 0)
  let a = 0
  let b = 0
  for (;;) {
    visit(a, b, row.size, row.a, row.b)
    let axis = axes.length - 1
    for (; axis >= 0; axis--) {
      const { size, a: stepA, b: stepB } = axes[axis]!
      a += stepA
      b += stepB
      position[axis]! += 1
      if (position[axis]! < size) break
      a -= stepA * size
      b -= stepB * size
      position[axis] = 0
    }
    if (axis < 0) return
  }
}

/** Fills `out` by reading `x` from an offset with the given strides. */
export const readStrided = (x: Data, offset: number, strides: ReadonlyArray<number>, out: Value): void => {
  const y = out.data
  eachRow(out.shape, strides, Shapes.strides(out.shape), (from, to, n, step) => {
    for (let i = 0, j = offset + from; i < n; i++, j += step) y[to + i] = x[j]!
  })
}
