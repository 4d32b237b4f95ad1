import { multiplying, product } from "../linear.ts"
import { concat } from "../movement.ts"
import type { Rules } from "../Plan.ts"
import { mostParts } from "./grow.ts"
import {
  cumSum,
  dequantize,
  gather,
  gatherElements,
  scatterElements,
  scatterRows,
  topKIndices,
  topKValues
} from "./indexing.ts"
import { alone, inGroups } from "./launch.ts"
import { map, reshape } from "./map.ts"
import { reductions } from "./reduce.ts"
import { rowRules } from "./rows.ts"
import { tiles } from "./tiles.ts"

/**
 * The lowering for WebGPU: products by TensorFlow.js, everything else by shaders of our own. They join operations that
 * its kernels do one by one, always add in the same order, and answer NaN as programs mean it. On a software adapter no
 * invocation waits for another, and products are ours too.
 */
export const webgpuRules = (adapter: "hardware" | "software"): Rules => ({
  Full: map(),

  Neg: map(),
  Exp: map(),
  Log: map(),
  Sqrt: map(),
  Reciprocal: map(),
  Tanh: map(),
  Sigmoid: map(),
  Erf: map(),
  Abs: map(),
  Sign: map(),
  Relu: map(),
  Cos: map(),
  Sin: map(),
  Softplus: map(),
  Silu: map(),
  Not: map(),
  Pow: map(),
  Clip: map(),
  Cast: map(),
  StopGradient: ({ node }) => ({ args: node.args, run: (k, [x]) => k.share(x!) }),

  Add: map(),
  Sub: map(),
  Mul: map(),
  Div: map(),
  Max: map(),
  Min: map(),
  Equal: map(),
  Less: map(),
  Greater: map(),
  And: map(),
  Or: map(),
  Where: map(),

  ...reductions(adapter === "hardware" ? inGroups : alone),
  CumSum: cumSum,
  TopKValues: topKValues,
  TopKIndices: topKIndices,

  MatMul: multiplying(adapter === "hardware" ? product : tiles),
  Dequantize: dequantize,

  Reshape: reshape,
  Transpose: map(),
  Expand: map(),
  Concat: (at) => (at.node.args.length > mostParts ? concat(at) : map<"Concat">()(at)),
  Slice: map(),
  Pad: map(),

  Gather: gather,
  ScatterRows: scatterRows,
  GatherElements: gatherElements,
  ScatterElements: scatterElements,

  ...(adapter === "hardware" ? rowRules(inGroups, product) : rowRules(alone, tiles))
})
