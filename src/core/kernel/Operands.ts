import type { Expr, OpTag } from "../program/index.ts"

type Source = "Input" | "Constant" | "Full"

type TwoOperands =
  | "Add"
  | "Sub"
  | "Mul"
  | "Div"
  | "Max"
  | "Min"
  | "Equal"
  | "Less"
  | "Greater"
  | "And"
  | "Or"
  | "MatMul"
  | "Gather"
  | "ScatterRows"
  | "GatherElements"
  | "ScatterElements"
  | "RmsNorm"
  | "Attend"

/** An op's operands as a tuple; `X` is what a rule is given of each. */
export type OperandsOf<T extends OpTag, X = Expr> = T extends Source
  ? readonly []
  : T extends TwoOperands
    ? readonly [X, X]
    : T extends "Where"
      ? readonly [X, X, X]
      : T extends "Concat"
        ? ReadonlyArray<X>
        : readonly [X]
