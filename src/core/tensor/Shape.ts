/** The sizes of a tensor's axes, outermost first; `[]` is a scalar. */
export type Shape = ReadonlyArray<number>

/** Number of elements: the product of the sizes, 1 for a scalar. */
export const size = (shape: Shape): number => shape.reduce((n, d) => n * d, 1)

/** Same rank and same sizes. */
export const equal = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i])

/** Row-major strides in elements. */
export const strides = (shape: Shape): ReadonlyArray<number> => {
  const result = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result[axis] = stride
    stride *= shape[axis]!
  }
  return result
}

/**
 * The common shape of two operands, or `undefined` when they do not fit.
 *
 * Axes must agree or be 1 on one side, and ranks must be equal unless one side is a scalar:
 * a missing axis is never guessed.
 */
export const broadcast = (a: Shape, b: Shape): Shape | undefined => {
  if (a.length === 0) return b
  if (b.length === 0) return a
  if (a.length !== b.length) return undefined
  const out: Array<number> = []
  for (const [axis, x] of a.entries()) {
    const y = b[axis]!
    if (x !== y && x !== 1 && y !== 1) return undefined
    out.push(x === 1 ? y : x)
  }
  return out
}

/** `[2, 3]` as text. */
export const print = (shape: Shape): string => `[${shape.join(",")}]`
