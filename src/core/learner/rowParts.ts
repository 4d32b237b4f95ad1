import type { Specs } from "../optim/index.ts"
import type { Feeds } from "../service/index.ts"
import { Shapes, type Tensor, Tensors } from "../tensor/index.ts"

/** Elements of one row. */
const widthOf = ({ shape }: Tensor): number => Shapes.size(shape.slice(1))

const mapped = (feeds: Feeds, f: (tensor: Tensor, name: string) => Tensor): Feeds =>
  Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, f(tensor, name)]))

/**
 * The `part`-th of parts of equal shape of some float and integer tensors: `specs` says how many rows of each are one
 * part. Rows beyond a tensor's end are zeros.
 */
export const partOf = (feeds: Feeds, part: number, specs: Specs): Feeds =>
  mapped(feeds, (tensor, name) => {
    const { shape } = specs[name]!
    const from = part * Shapes.size(shape)
    const held = tensor.data.subarray(from, from + Shapes.size(shape))
    if (tensor.dtype === "i32") {
      const rows = new Int32Array(Shapes.size(shape))
      rows.set(held)
      return Tensors.i32(rows, shape)
    }
    const rows = new Float64Array(Shapes.size(shape))
    rows.set(held)
    return Tensors.f64(rows, shape)
  })

/** The parts of each float tensor one after the other, as far as the rows that `specs` gives the whole. */
export const joined = (parts: ReadonlyArray<Feeds>, specs: Specs): Feeds =>
  mapped(parts[0] ?? {}, (first, name) => {
    const { shape } = specs[name]!
    const data = new Float64Array(Shapes.size(shape))
    const size = widthOf(first) * first.shape[0]!
    for (const [i, part] of parts.entries()) {
      const from = Math.min(i * size, data.length)
      data.set(part[name]!.data.subarray(0, data.length - from), from)
    }
    return Tensors.f64(data, shape)
  })
