import type { DType } from "../tensor/index.ts"
import { apply, broadcast, describe, type Expr, expectDType, type Like, lift, refuseShape } from "./Expr.ts"
import { DTypeMismatch } from "./errors.ts"

type UnaryTag =
  | "Neg"
  | "Exp"
  | "Log"
  | "Sqrt"
  | "Reciprocal"
  | "Tanh"
  | "Sigmoid"
  | "Erf"
  | "Abs"
  | "Sign"
  | "Relu"
  | "Cos"
  | "Sin"
  | "Softplus"
  | "Silu"

const unary =
  (_tag: UnaryTag) =>
  (x: Expr): Expr => {
    expectDType(_tag, [x], "f32")
    return apply({ _tag }, [x], x.shape, "f32")
  }

/** -x */
export const neg = unary("Neg")
/** e^x */
export const exp = unary("Exp")
/** Natural logarithm; -∞ at 0, NaN below. */
export const log = unary("Log")
/** √x; NaN below 0. */
export const sqrt = unary("Sqrt")
/** 1/x */
export const reciprocal = unary("Reciprocal")
/** Hyperbolic tangent. */
export const tanh = unary("Tanh")
/** σ(x) = 1/(1 + e^-x), in (0, 1). */
export const sigmoid = unary("Sigmoid")
/** Gauss error function. */
export const erf = unary("Erf")
/** |x| */
export const abs = unary("Abs")
/** -1, 0 or 1; zero derivative. */
export const sign = unary("Sign")
/** max(x, 0) */
export const relu = unary("Relu")
/** cos x, radians. */
export const cos = unary("Cos")
/** sin x, radians. */
export const sin = unary("Sin")
/** log(1 + e^x), without overflow: the logistic loss of a logit. */
export const softplus = unary("Softplus")
/** x·σ(x) (Hendrycks & Gimpel 2016). */
export const silu = unary("Silu")

/** Logical negation of a boolean. */
export const not = (x: Expr): Expr => {
  expectDType("Not", [x], "bool")
  return apply({ _tag: "Not" }, [x], x.shape, "bool")
}

/** x^exponent for a constant exponent. */
export const pow = (x: Expr, exponent: number): Expr => {
  expectDType("Pow", [x], "f32")
  return apply({ _tag: "Pow", exponent }, [x], x.shape, "f32")
}

/** min(max(x, min), max); the derivative is 1 inside and at the bounds, 0 outside. */
export const clip = (x: Expr, min: number, max: number): Expr => {
  expectDType("Clip", [x], "f32")
  if (!(min <= max)) return refuseShape("Clip", [x], `needs min <= max, got [${min}, ${max}].`)
  return apply({ _tag: "Clip", min, max }, [x], x.shape, "f32")
}

/** The same numbers in another dtype: floats truncate towards zero, booleans are 0 and 1. */
export const cast = (x: Expr, to: DType): Expr => (x.dtype === to ? x : apply({ _tag: "Cast", to }, [x], x.shape, to))

/** The same value, through which no gradient flows. */
export const stopGradient = (x: Expr): Expr => apply({ _tag: "StopGradient" }, [x], x.shape, x.dtype)

const pair = (op: string, a: Like, b: Like): readonly [Expr, Expr] => {
  const x = lift(a, b)
  const y = lift(b, a)
  if (x.dtype !== y.dtype) {
    throw new DTypeMismatch({ op, operands: [x, y].map(describe), rule: "operands must share one dtype; cast() one." })
  }
  return [x, y]
}

const arithmetic =
  (_tag: "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min") =>
  (a: Like, b: Like): Expr => {
    const [x, y] = pair(_tag, a, b)
    if (x.dtype === "bool") expectDType(_tag, [x, y], "f32")
    return apply({ _tag }, [x, y], broadcast(_tag, [x, y]), x.dtype)
  }

/** a + b */
export const add = arithmetic("Add")
/** a - b */
export const sub = arithmetic("Sub")
/** a·b */
export const mul = arithmetic("Mul")
/** a/b; integers divide towards zero. */
export const div = arithmetic("Div")
/** The larger; on a tie the derivative goes to the first. */
export const max = arithmetic("Max")
/** The smaller; on a tie the derivative goes to the first. */
export const min = arithmetic("Min")

const comparison =
  (_tag: "Equal" | "Less" | "Greater") =>
  (a: Like, b: Like): Expr => {
    const [x, y] = pair(_tag, a, b)
    return apply({ _tag }, [x, y], broadcast(_tag, [x, y]), "bool")
  }

/** a = b, as bool. */
export const equal = comparison("Equal")
/** a < b, as bool. */
export const less = comparison("Less")
/** a > b, as bool. */
export const greater = comparison("Greater")

const logical =
  (_tag: "And" | "Or") =>
  (x: Expr, y: Expr): Expr => {
    expectDType(_tag, [x, y], "bool")
    return apply({ _tag }, [x, y], broadcast(_tag, [x, y]), "bool")
  }

/** Both. */
export const and = logical("And")
/** Either. */
export const or = logical("Or")

/** a where the condition holds, b elsewhere. A NaN in the branch not taken does not reach the value. */
export const where = (condition: Expr, a: Like, b: Like): Expr => {
  expectDType("Where", [condition], "bool")
  const [x, y] = pair("Where", a, b)
  return apply({ _tag: "Where" }, [condition, x, y], broadcast("Where", [condition, x, y]), x.dtype)
}
