import { apply, axisOf, type Expr, expectDType, refuseShape } from "./Expr.ts"
import { matMul } from "./linear.ts"

const rowwise =
  (_tag: "Softmax" | "LogSoftmax") =>
  (x: Expr): Expr => {
    expectDType(_tag, [x], "f32")
    axisOf(_tag, x, -1)
    return apply({ _tag }, [x], x.shape, "f32")
  }

/** e^x / Σ e^x over the last axis, shifted by the maximum. */
export const softmax = rowwise("Softmax")

/** x - log Σ e^x over the last axis, in nats. */
export const logSoftmax = rowwise("LogSoftmax")

/** 1/√(mean(x²) + epsilon) over the last axis, which keeps size 1. */
export const rmsScale = (x: Expr, epsilon: number): Expr => {
  expectDType("RmsScale", [x], "f32")
  const last = axisOf("RmsScale", x, -1)
  return apply(
    { _tag: "RmsScale", epsilon },
    [x],
    x.shape.map((d, i) => (i === last ? 1 : d)),
    "f32"
  )
}

/** Root-mean-square normalisation (Zhang & Sennrich 2019): x [..., D], weight [D], result [..., D]. */
export const rmsNorm = (x: Expr, weight: Expr, epsilon: number): Expr => {
  expectDType("RmsNorm", [x, weight], "f32")
  if (weight.shape.length !== 1 || weight.shape[0] !== x.shape[x.shape.length - 1]) {
    return refuseShape("RmsNorm", [x, weight], "the weight must be [D] for x [..., D].")
  }
  return apply({ _tag: "RmsNorm", epsilon }, [x, weight], x.shape, "f32")
}

/** softmax(scores) · values: scores [..., T, S], values [..., S, D], result [..., T, D]. */
export const attend = (scores: Expr, values: Expr): Expr =>
  apply({ _tag: "Attend" }, [scores, values], matMul(scores, values).shape, "f32")
