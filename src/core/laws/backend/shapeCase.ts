import { type Expr, input, Programs } from "../../program/index.ts"
import { type Shape, Shapes, type Tensor, Tensors } from "../../tensor/index.ts"
import { floats } from "../program/index.ts"
import type { Case } from "./Case.ts"

/** Ids below a limit, spread over it, some of them twice. */
export const idsBelow = (limit: number, shape: Shape): Tensor =>
  Tensors.i32(
    Array.from({ length: Shapes.size(shape) }, (_, i) => (i * 7 + (i % 3)) % limit),
    shape
  )

type Build = (...inputs: ReadonlyArray<Expr>) => Expr | Readonly<Record<string, Expr>>

/** A case on tensors that are fed in this order; shapes stand for random floats. */
export const on = (name: string, operands: ReadonlyArray<Shape | Tensor>, build: Build): Case => {
  const given = operands.map((operand, i): readonly [string, Tensor] => [
    `x${i}`,
    "dtype" in operand ? operand : floats(1, `x${i}`, operand)
  ])
  const built = build(...given.map(([key, { shape, dtype }]) => input(key, shape, dtype)))
  return {
    name: `shapes: ${name}`,
    program: Programs.fromExprs("op" in built ? { y: built as Expr } : built),
    feeds: Object.fromEntries(given)
  }
}
