import { logSoftmax, rmsNorm, rmsScale, softmax } from "./composite.ts"
import { binary, cast, clip, comparison, div, expand, full, pow, same, silu, unary, where } from "./elementwise.ts"
import { gather, onHost } from "./indexing.ts"
import { attend, matMul } from "./linear.ts"
import { concat, pad, reshape, slice, transpose } from "./movement.ts"
import type { Rules } from "./Plan.ts"
import { argMax, cumSum, reduceMax, reduceSum, topKIndices, topKValues } from "./reduction.ts"

/** One kernel of TensorFlow.js an operation, or a few. */
export const standard: Rules = {
  Full: full,

  Neg: unary("Neg"),
  Exp: unary("Exp"),
  Log: unary("Log"),
  Sqrt: unary("Sqrt"),
  Reciprocal: unary("Reciprocal"),
  Tanh: unary("Tanh"),
  Sigmoid: unary("Sigmoid"),
  Erf: unary("Erf"),
  Abs: unary("Abs"),
  Sign: unary("Sign"),
  Relu: unary("Relu"),
  Cos: unary("Cos"),
  Sin: unary("Sin"),
  Softplus: unary("Softplus"),
  Silu: silu,
  Not: unary("LogicalNot"),
  Pow: pow,
  Clip: clip,
  Cast: cast,
  StopGradient: same,

  Add: binary("Add"),
  Sub: binary("Sub"),
  Mul: binary("Multiply"),
  Div: div,
  Max: binary("Maximum"),
  Min: binary("Minimum"),
  Equal: comparison("Equal"),
  Less: comparison("Less"),
  Greater: comparison("Greater"),
  And: binary("LogicalAnd"),
  Or: binary("LogicalOr"),
  Where: where,

  ReduceSum: reduceSum,
  ReduceMax: reduceMax,
  CumSum: cumSum,
  ArgMax: argMax,
  TopKValues: topKValues,
  TopKIndices: topKIndices,

  MatMul: matMul,
  Dequantize: onHost,

  Reshape: reshape,
  Transpose: transpose,
  Expand: expand,
  Concat: concat,
  Slice: slice,
  Pad: pad,

  Gather: gather,
  ScatterRows: onHost,
  GatherElements: onHost,
  ScatterElements: onHost,

  Softmax: softmax,
  LogSoftmax: logSoftmax,
  RmsScale: rmsScale,
  RmsNorm: rmsNorm,
  Attend: attend
}
