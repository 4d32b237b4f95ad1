import type { Expr, OpTag } from "../program/index.ts"

const sources = ["Input", "Constant", "Full"] as const satisfies ReadonlyArray<OpTag>

const pairs = [
  "Add",
  "Sub",
  "Mul",
  "Div",
  "Max",
  "Min",
  "Equal",
  "Less",
  "Greater",
  "And",
  "Or",
  "MatMul",
  "Gather",
  "ScatterRows",
  "GatherElements",
  "ScatterElements",
  "RmsNorm",
  "Attend"
] as const satisfies ReadonlyArray<OpTag>

/** An op's operands as a tuple; `X` is what a rule is given of each. */
export type OperandsOf<T extends OpTag, X = Expr> = T extends (typeof sources)[number]
  ? readonly []
  : T extends (typeof pairs)[number]
    ? readonly [X, X]
    : T extends "Where" | "Dequantize"
      ? readonly [X, X, X]
      : T extends "Concat"
        ? ReadonlyArray<X>
        : readonly [X]

const includes = (tags: ReadonlyArray<OpTag>, tag: OpTag): boolean => tags.includes(tag)

/** Whether an op takes this number of operands. */
export const takes = (tag: OpTag, operands: number): boolean => {
  if (tag === "Concat") return operands >= 1
  return (
    operands ===
    (includes(sources, tag) ? 0 : includes(pairs, tag) ? 2 : tag === "Where" || tag === "Dequantize" ? 3 : 1)
  )
}
