import type { TensorInfo } from "@tensorflow/tfjs-core"
import { IdsOutOfRange } from "../errors.ts"

/** @throws IdsOutOfRange unless all ids are inside 0..size-1 */
export const idsWithin = (op: string, ids: ArrayLike<number>, size: number): void => {
  let [least, largest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    if (id < least) least = id
    if (id > largest) largest = id
  }
  if (least < 0 || largest >= size) throw new IdsOutOfRange({ op, least, largest, size })
}

/** The check for backends whose tensors the host can look at. */
export const readable =
  (values: (x: TensorInfo) => ArrayLike<number>) =>
  (_: unknown, op: string, ids: TensorInfo, size: number): void =>
    idsWithin(op, values(ids), size)
