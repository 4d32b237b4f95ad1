import { gateGradient, logSoftmax, rmsNorm, rmsScale, softmax } from "./composite.ts"
import { dequantize } from "./dequantize.ts"
import { broadcasting, cast, clip, comparison, direct, div, elementwise, pow, silu, where } from "./elementwise.ts"
import { gather, gatherElements, scatterElements, scatterRows, sumWithScatter } from "./indexing.ts"
import { attend, biased, matMul } from "./linear.ts"
import { expand, full, pad, reshape, slice, sumOfPads, transpose } from "./movement.ts"
import type { Rules } from "./Plan.ts"
import { argMax, cumSum, reduceMax, reduceSum, topKIndices, topKValues } from "./reduction.ts"
import { rotation } from "./rotation.ts"

const same: Rules["StopGradient"] = ({ node }) => ({ args: node.args, emit: (_, [x]) => x! })

/** The lowering for ONNX Runtime's CPU kernels. */
export const cpu: Rules = {
  Full: full,

  Neg: direct("Neg"),
  Exp: direct("Exp"),
  Log: direct("Log"),
  Sqrt: direct("Sqrt"),
  Reciprocal: direct("Reciprocal"),
  Tanh: direct("Tanh"),
  Sigmoid: direct("Sigmoid"),
  Erf: direct("Erf"),
  Abs: direct("Abs"),
  Sign: direct("Sign"),
  Relu: direct("Relu"),
  Cos: direct("Cos"),
  Sin: direct("Sin"),
  Softplus: direct("Softplus"),
  Silu: silu,
  Not: direct("Not"),
  Pow: pow,
  Clip: clip,
  Cast: cast,
  StopGradient: same,

  Add: ({ view, id, node }) =>
    rotation(view, id) ??
    sumOfPads(view, id) ??
    sumWithScatter(view, id) ??
    biased(view, id) ??
    broadcasting(view, node, (e, names) => e.node("Add", names)),
  Sub: ({ view, id, node }) => sumWithScatter(view, id) ?? broadcasting(view, node, (e, names) => e.node("Sub", names)),
  Mul: (at) => gateGradient(at.view, at.id) ?? elementwise<"Mul">("Mul")(at),
  Div: div,
  Max: elementwise("Max"),
  Min: elementwise("Min"),
  Equal: elementwise("Equal"),
  Less: comparison("Less"),
  Greater: comparison("Greater"),
  And: elementwise("And"),
  Or: elementwise("Or"),
  Where: where,

  ReduceSum: reduceSum,
  ReduceMax: reduceMax,
  CumSum: cumSum,
  ArgMax: argMax,
  TopKValues: topKValues,
  TopKIndices: topKIndices,

  MatMul: matMul(true),
  Dequantize: dequantize,

  Reshape: reshape,
  Transpose: transpose,
  Expand: expand,
  Concat: ({ view, id, node, op }) =>
    rotation(view, id) ?? {
      args: node.args,
      emit: (e, names) => e.node("Concat", names, { attributes: { axis: op.axis } })
    },
  Slice: slice,
  Pad: pad,

  Gather: gather,
  ScatterRows: scatterRows,
  GatherElements: gatherElements,
  ScatterElements: scatterElements,

  Softmax: softmax,
  LogSoftmax: logSoftmax,
  RmsScale: rmsScale,
  RmsNorm: rmsNorm,
  Attend: attend(true)
}
