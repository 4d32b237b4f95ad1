import * as ops from "../../program/index.ts"
import { type Op, Programs } from "../../program/index.ts"
import { type DType, type Tensor, Tensors } from "../../tensor/index.ts"
import type { Case } from "./Case.ts"
import written from "./fixtures/ops.json" with { type: "json" }

interface Written {
  readonly dtype: DType
  readonly shape: ReadonlyArray<number>
  /** Numbers, or "NaN", "Infinity", "-Infinity". */
  readonly data: ReadonlyArray<number | string>
}

const read = ({ dtype, shape, data }: Written): Tensor => {
  const numbers = data.map(Number)
  if (dtype === "f32") return Tensors.f64(numbers, shape)
  return dtype === "i32" ? Tensors.i32(numbers, shape) : Tensors.bool(Uint8Array.from(numbers), shape)
}

interface WrittenCase {
  readonly name: string
  readonly op: Op
  readonly args: ReadonlyArray<Written>
  readonly out: Written
}

/** Each op on ordinary, extreme and empty operands; expected values by PyTorch in double precision (fixtures/ops.py). */
export const opCases: ReadonlyArray<Case> = (written as ReadonlyArray<WrittenCase>).map(({ name, op, args, out }) => {
  const expected = read(out)
  const feeds = Object.fromEntries(args.map((a, i) => [`x${i}`, read(a)]))
  const inputs = args.map((a, i) => ops.input(`x${i}`, a.shape, a.dtype))
  const y = ops.apply(op, inputs, expected.shape, expected.dtype)
  return { name, program: Programs.fromExprs({ y }), feeds, expected: { y: expected } }
})
