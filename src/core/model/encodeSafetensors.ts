import type { Shape, Tensor } from "../tensor/index.ts"
import { Shapes } from "../tensor/index.ts"
import { toBFloat16, toHalf } from "./half.ts"
import { type StoredDType, widths } from "./SafetensorsHeader.ts"

/** How floats are stored: as they are held, or narrowed, each to the nearest value. */
export type FloatFormat = "F32" | "F16" | "BF16"

/** A tensor that a file is to hold. */
export interface Planned {
  readonly name: string
  readonly dtype: StoredDType
  readonly shape: Shape
}

/** The first bytes of a file, and the tensors in the order in which their bytes follow. */
export interface Layout<P extends Planned> {
  readonly header: Uint8Array<ArrayBuffer>
  readonly order: ReadonlyArray<P>
  /** Bytes of the whole file. */
  readonly bytes: number
}

/**
 * The header of a file before any tensor is at hand, so that a file larger than memory can be written.
 *
 * Tensors lie by element width, widest first, and then by name: all are aligned, and the order given does not matter.
 *
 * @throws RangeError for a tensor named `__metadata__`, which the format reserves
 */
export const layout = <P extends Planned>(
  planned: ReadonlyArray<P>,
  metadata: Readonly<Record<string, string>> = { format: "pt" }
): Layout<P> => {
  if (planned.some(({ name }) => name === "__metadata__"))
    throw new RangeError('No tensor may be named "__metadata__".')
  const order = [...planned].sort((a, b) => widths[b.dtype] - widths[a.dtype] || (a.name < b.name ? -1 : 1))
  let end = 0
  const entries = order.map(({ name, dtype, shape }) => {
    const begin = end
    end += Shapes.size(shape) * widths[dtype]
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const
  })
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([["__metadata__", metadata], ...entries])))
  const padded = Math.ceil(json.length / 8) * 8
  const header = new Uint8Array(8 + padded).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(padded), true)
  header.set(json, 8)
  return { header, order, bytes: header.length + end }
}

/** The type that a tensor is stored as where floats are not narrowed. */
export const storedAs = (tensor: Tensor): StoredDType =>
  tensor.dtype === "i32"
    ? "I32"
    : tensor.dtype === "bool"
      ? "BOOL"
      : tensor.data instanceof Float64Array
        ? "F64"
        : "F32"

/** The bytes of a tensor as a file holds them; those of an unchanged type are a view. */
export const bytesOf = (tensor: Tensor, dtype: StoredDType = storedAs(tensor)): Uint8Array => {
  const data =
    tensor.dtype !== "f32"
      ? tensor.data
      : dtype === "BF16"
        ? toBFloat16(tensor.data)
        : dtype === "F16"
          ? toHalf(tensor.data)
          : dtype === "F32" && tensor.data instanceof Float64Array
            ? Float32Array.from(tensor.data)
            : tensor.data
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/**
 * Writes a file: f32 as F32, or as F64 where it is held wide, i32 as I32, bool as BOOL. Equal tensors give equal
 * bytes whatever the order of their names; see `layout`.
 *
 * @param metadata `{ format: "pt" }` by default, which loaders look for
 * @throws RangeError for a tensor named `__metadata__`, which the format reserves
 */
export const encode = (
  tensors: Readonly<Record<string, Tensor>>,
  metadata?: Readonly<Record<string, string>>
): Uint8Array => {
  const planned = Object.entries(tensors).map(([name, tensor]) => {
    const dtype = storedAs(tensor)
    return { name, dtype, shape: tensor.shape, tensor }
  })
  const { header, order, bytes } = layout(planned, metadata)
  const file = new Uint8Array(bytes)
  file.set(header)
  let at = header.length
  for (const { tensor } of order) {
    file.set(bytesOf(tensor), at)
    at += tensor.data.byteLength
  }
  return file
}
