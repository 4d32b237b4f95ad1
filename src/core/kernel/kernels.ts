import type { OpTag } from "../program/index.ts"
import * as composite from "./composite.ts"
import { dequantize } from "./dequantize.ts"
import * as elementwise from "./elementwise.ts"
import * as indexing from "./indexing.ts"
import { fromTensor, type Kernel } from "./Kernel.ts"
import * as linear from "./linear.ts"
import * as movement from "./movement.ts"
import * as reduction from "./reduction.ts"

/** The meaning of each op, in double precision. */
export const kernels: { readonly [T in OpTag]: Kernel<T> } = {
  // An input's value is given, never computed.
  Input: () => {},
  Constant: (_, out, { tensor }) => out.data.set(fromTensor(tensor).data),
  Full: (_, out, { value }) => void out.data.fill(value),

  Neg: elementwise.neg,
  Exp: elementwise.exp,
  Log: elementwise.log,
  Sqrt: elementwise.sqrt,
  Reciprocal: elementwise.reciprocal,
  Tanh: elementwise.tanh,
  Sigmoid: elementwise.sigmoid,
  Erf: elementwise.erf,
  Abs: elementwise.abs,
  Sign: elementwise.sign,
  Relu: elementwise.relu,
  Cos: elementwise.cos,
  Sin: elementwise.sin,
  Softplus: elementwise.softplus,
  Silu: elementwise.silu,
  Not: elementwise.not,
  Pow: elementwise.pow,
  Clip: elementwise.clip,
  Cast: elementwise.cast,
  StopGradient: movement.copy,

  Add: elementwise.add,
  Sub: elementwise.sub,
  Mul: elementwise.mul,
  Div: elementwise.div,
  Max: elementwise.max,
  Min: elementwise.min,
  Equal: elementwise.equal,
  Less: elementwise.less,
  Greater: elementwise.greater,
  And: elementwise.and,
  Or: elementwise.or,
  Where: elementwise.where,

  ReduceSum: reduction.reduceSum,
  ReduceMax: reduction.reduceMax,
  CumSum: reduction.cumSum,
  ArgMax: reduction.argMax,
  TopKValues: reduction.topKValues,
  TopKIndices: reduction.topKIndices,

  MatMul: linear.matMul,
  Dequantize: dequantize,

  Reshape: movement.copy,
  Transpose: movement.transpose,
  Expand: movement.expand,
  Concat: movement.concat,
  Slice: movement.slice,
  Pad: movement.pad,

  Gather: indexing.gather,
  ScatterRows: indexing.scatterRows,
  GatherElements: indexing.gatherElements,
  ScatterElements: indexing.scatterElements,

  Softmax: composite.softmax,
  LogSoftmax: composite.logSoftmax,
  RmsScale: composite.rmsScale,
  RmsNorm: composite.rmsNorm,
  Attend: composite.attend
}
