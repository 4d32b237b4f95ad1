import type { Shape } from "../tensor/index.ts"

/** Whether a transposition moves axes of size 1 alone, and so no element: then it is a reshape. */
export const keepsOrder = (shape: Shape, perm: ReadonlyArray<number>): boolean => {
  const moved = perm.filter((axis) => shape[axis] !== 1)
  return moved.every((axis, i) => i === 0 || moved[i - 1]! < axis)
}
