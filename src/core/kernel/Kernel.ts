import type { OpOf, OpTag } from "../program/index.ts"
import { type DType, type Shape, Shapes, type Tensor } from "../tensor/index.ts"
import type { OperandsOf } from "./Operands.ts"

/** Storage while a program is evaluated: floats in double precision, or as an engine has them. */
export type Data = Float64Array | Float32Array | Int32Array | Uint8Array

/** A tensor under evaluation. */
export interface Value {
  readonly dtype: DType
  readonly shape: Shape
  readonly data: Data
}

/** Computes `op(args)` into `out.data`, which is all zeros and nobody else's. */
export type Kernel<T extends OpTag> = (args: OperandsOf<T, Value>, out: Value, op: OpOf<T>) => void

/** Zeros of a type. */
export const zeros = (dtype: DType, shape: Shape): Value => {
  const n = Shapes.size(shape)
  return {
    dtype,
    shape,
    data: dtype === "f32" ? new Float64Array(n) : dtype === "i32" ? new Int32Array(n) : new Uint8Array(n)
  }
}

/** A host tensor as a value: single floats are widened, everything else is shared. */
export const fromTensor = (t: Tensor): Value => ({
  dtype: t.dtype,
  shape: t.shape,
  data: t.data instanceof Float32Array ? Float64Array.from(t.data) : t.data
})

/** A value as a host tensor, sharing the storage. */
export const toTensor = (v: Value): Tensor => v as Tensor
