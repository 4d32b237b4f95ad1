import type { Node, OpOf, OpTag, Program } from "../program/index.ts"
import { Shapes } from "../tensor/index.ts"
import { bytes, isSource, peakLiveBytes } from "./liveness.ts"

/** What one kind of op costs in a program. */
export interface OpCost {
  readonly count: number
  /** Floating-point operations; a multiply-add is two, a transcendental function one. */
  readonly flops: number
  /** Bytes of operands read and results written. */
  readonly bytesMoved: number
}

/** What a program costs, counted before anything runs, for float32 storage. */
export interface Cost extends OpCost {
  /** Largest sum of intermediates and outputs that exist at once, in topological order; inputs and constants apart. */
  readonly peakLiveBytes: number
  readonly inputBytes: number
  /** Of the inputs, those named as parameters. */
  readonly parameterBytes: number
  readonly constantBytes: number
  readonly byOp: { readonly [T in OpTag]?: OpCost }
}

type Flops<T extends OpTag> = (out: Node, args: ReadonlyArray<Node>, op: OpOf<T>) => number

const size = (n: Node): number => Shapes.size(n.shape)
const free = () => 0
const perResult =
  (flops: number) =>
  (out: Node): number =>
    flops * size(out)
const perOperand =
  (flops: number) =>
  (_: Node, args: ReadonlyArray<Node>): number =>
    flops * size(args[0]!)
const once = perResult(1)

const flops: { readonly [T in OpTag]: Flops<T> } = {
  Input: free,
  Constant: free,
  Full: free,
  Neg: once,
  Exp: once,
  Log: once,
  Sqrt: once,
  Reciprocal: once,
  Tanh: once,
  Sigmoid: perResult(3),
  Erf: once,
  Abs: once,
  Sign: once,
  Relu: once,
  Cos: once,
  Sin: once,
  Softplus: perResult(3),
  Silu: perResult(4),
  Not: once,
  Pow: once,
  Clip: perResult(2),
  Cast: free,
  StopGradient: free,
  Add: once,
  Sub: once,
  Mul: once,
  Div: once,
  Max: once,
  Min: once,
  Equal: once,
  Less: once,
  Greater: once,
  And: once,
  Or: once,
  Where: once,
  ReduceSum: perOperand(1),
  ReduceMax: perOperand(1),
  CumSum: once,
  ArgMax: perOperand(1),
  TopKValues: perOperand(1),
  TopKIndices: perOperand(1),
  MatMul: (out, [a], { transA }) => 2 * size(out) * a!.shape[a!.shape.length - (transA ? 2 : 1)]!,
  Dequantize: perResult(2),
  Reshape: free,
  Transpose: free,
  Expand: free,
  Concat: free,
  Slice: free,
  Pad: free,
  Gather: free,
  ScatterRows: (_, [, updates]) => size(updates!),
  GatherElements: free,
  ScatterElements: (_, [, updates]) => size(updates!),
  // Maximum, difference, exponential, sum, quotient.
  Softmax: perResult(5),
  LogSoftmax: perResult(5),
  RmsScale: perOperand(2),
  RmsNorm: perOperand(4),
  Attend: (out, [scores]) => 5 * size(scores!) + 2 * size(out) * scores!.shape[scores!.shape.length - 1]!
}

const flopsOf = <T extends OpTag>(op: OpOf<T>, out: Node, args: ReadonlyArray<Node>): number =>
  (flops[op._tag as T] as Flops<T>)(out, args, op)

const total = (xs: ReadonlyArray<number>): number => xs.reduce((a, b) => a + b, 0)

const moved = (node: Node, args: ReadonlyArray<Node>): number => {
  if (isSource(node) || node.op._tag === "Reshape") return 0
  // Of a table only the rows asked for are read.
  if (node.op._tag === "Gather" || node.op._tag === "GatherElements") return 2 * bytes(node) + bytes(args[1]!)
  return bytes(node) + total(args.map(bytes))
}

/**
 * Counts what a program costs.
 *
 * @param parameters names of the inputs that are parameters
 */
export const cost = (program: Program, parameters: ReadonlyArray<string> = []): Cost => {
  const byOp: { [T in OpTag]?: OpCost } = {}
  for (const node of program.nodes) {
    const args = node.args.map((a) => program.nodes[a]!)
    const before = byOp[node.op._tag] ?? { count: 0, flops: 0, bytesMoved: 0 }
    byOp[node.op._tag] = {
      count: before.count + 1,
      flops: before.flops + flopsOf(node.op, node, args),
      bytesMoved: before.bytesMoved + moved(node, args)
    }
  }
  const rows = Object.values(byOp)
  const inputs = program.nodes.filter((n) => n.op._tag === "Input")
  return {
    count: program.nodes.length,
    flops: total(rows.map((r) => r.flops)),
    bytesMoved: total(rows.map((r) => r.bytesMoved)),
    peakLiveBytes: peakLiveBytes(program),
    inputBytes: total(inputs.map(bytes)),
    parameterBytes: total(inputs.filter((n) => n.op._tag === "Input" && parameters.includes(n.op.name)).map(bytes)),
    constantBytes: total(program.nodes.filter((n) => n.op._tag === "Constant").map(bytes)),
    byOp
  }
}
