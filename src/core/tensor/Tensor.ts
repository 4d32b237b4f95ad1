import type { DType } from "./DType.ts"
import { print, type Shape, size } from "./Shape.ts"

/** Storage by dtype. Floats may be held wide (`Float64Array`) by the reference backend and by tests. */
export interface TensorData {
  readonly f32: Float32Array | Float64Array
  readonly i32: Int32Array
  readonly bool: Uint8Array
}

/** A host value: row-major data with its shape. Immutable by convention: nobody writes to `data` after construction. */
export type Tensor = {
  readonly [D in DType]: { readonly dtype: D; readonly shape: Shape; readonly data: TensorData[D] }
}[DType]

/** A tensor of one dtype. */
export type TensorOf<D extends DType> = Extract<Tensor, { readonly dtype: D }>

const checked = (length: number, shape: Shape): void => {
  if (length !== size(shape)) {
    throw new RangeError(`Tensor of shape ${print(shape)} needs ${size(shape)} elements, got ${length}.`)
  }
}

/** Float tensor; a plain array becomes `Float32Array`. @throws RangeError when data and shape disagree */
export const f32 = (data: ReadonlyArray<number> | Float32Array | Float64Array, shape: Shape): TensorOf<"f32"> => {
  checked(data.length, shape)
  const held = data instanceof Float32Array || data instanceof Float64Array ? data : Float32Array.from(data)
  return { dtype: "f32", shape, data: held }
}

/** Float tensor held in double precision, for `reference` and for goldens. */
export const f64 = (data: ReadonlyArray<number> | Float64Array, shape: Shape): TensorOf<"f32"> => {
  checked(data.length, shape)
  return { dtype: "f32", shape, data: data instanceof Float64Array ? data : Float64Array.from(data) }
}

/** Integer tensor. @throws RangeError when data and shape disagree */
export const i32 = (data: ReadonlyArray<number> | Int32Array, shape: Shape): TensorOf<"i32"> => {
  checked(data.length, shape)
  return { dtype: "i32", shape, data: data instanceof Int32Array ? data : Int32Array.from(data) }
}

/** Boolean tensor, one byte an element, 0 or 1. */
export const bool = (data: ReadonlyArray<boolean> | Uint8Array, shape: Shape): TensorOf<"bool"> => {
  checked(data.length, shape)
  return { dtype: "bool", shape, data: data instanceof Uint8Array ? data : Uint8Array.from(data, Number) }
}

/** Rank-0 float. */
export const scalar = (value: number): TensorOf<"f32"> => f64([value], [])

/** Float tensor of one repeated value. */
export const full = (shape: Shape, value: number): TensorOf<"f32"> => {
  const data = new Float32Array(size(shape))
  // A new array is all zeros, and takes no memory until it is written to.
  return f32(Object.is(value, 0) ? data : data.fill(value), shape)
}

/** Zeros of a type; the system gives them no memory until they are written to. */
export const zeros = ({ shape, dtype }: Pick<Tensor, "shape" | "dtype">): Tensor => {
  const length = size(shape)
  switch (dtype) {
    case "f32":
      return { dtype, shape, data: new Float32Array(length) }
    case "i32":
      return { dtype, shape, data: new Int32Array(length) }
    case "bool":
      return { dtype, shape, data: new Uint8Array(length) }
  }
}

/** The only element of a one-element tensor. @throws RangeError when there are more */
export const item = (tensor: Tensor): number => {
  if (tensor.data.length !== 1) throw new RangeError(`item() needs one element, shape is ${print(tensor.shape)}.`)
  return tensor.data[0]!
}
