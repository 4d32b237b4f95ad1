import { Result } from "effect"
import { type OperandsOf, takes } from "../kernel/index.ts"
import * as ops from "../program/index.ts"
import {
  type Expr,
  InvalidProgram,
  type Node,
  type OpOf,
  type OpTag,
  type Program,
  Programs
} from "../program/index.ts"
import { Shapes } from "../tensor/index.ts"

/** Builds an op from its operands again, by the function that users build it with. */
type Rebuild<T extends OpTag> = (args: OperandsOf<T>, op: OpOf<T>, node: Node) => Expr

const unary =
  (f: (x: Expr) => Expr) =>
  ([x]: readonly [Expr]): Expr =>
    f(x)

const binary =
  (f: (a: Expr, b: Expr) => Expr) =>
  ([a, b]: readonly [Expr, Expr]): Expr =>
    f(a, b)

const rebuilds: { readonly [T in OpTag]: Rebuild<T> } = {
  Input: (_, { name }, { shape, dtype }) => ops.input(name, shape, dtype),
  Constant: (_, { tensor }) => ops.constant(tensor),
  Full: (_, { value }, { shape, dtype }) => ops.full(shape, value, dtype),

  Neg: unary(ops.neg),
  Exp: unary(ops.exp),
  Log: unary(ops.log),
  Sqrt: unary(ops.sqrt),
  Reciprocal: unary(ops.reciprocal),
  Tanh: unary(ops.tanh),
  Sigmoid: unary(ops.sigmoid),
  Erf: unary(ops.erf),
  Abs: unary(ops.abs),
  Sign: unary(ops.sign),
  Relu: unary(ops.relu),
  Cos: unary(ops.cos),
  Sin: unary(ops.sin),
  Softplus: unary(ops.softplus),
  Silu: unary(ops.silu),
  Not: unary(ops.not),
  Pow: ([x], { exponent }) => ops.pow(x, exponent),
  Clip: ([x], op) => ops.clip(x, op.min, op.max),
  Cast: ([x], { to }) => ops.cast(x, to),
  StopGradient: unary(ops.stopGradient),

  Add: binary(ops.add),
  Sub: binary(ops.sub),
  Mul: binary(ops.mul),
  Div: binary(ops.div),
  Max: binary(ops.max),
  Min: binary(ops.min),
  Equal: binary(ops.equal),
  Less: binary(ops.less),
  Greater: binary(ops.greater),
  And: binary(ops.and),
  Or: binary(ops.or),
  Where: ([condition, a, b]) => ops.where(condition, a, b),

  ReduceSum: ([x], { axes }) => ops.sum(x, axes),
  ReduceMax: ([x], { axes }) => ops.reduceMax(x, axes),
  CumSum: ([x], { axis, reverse }) => ops.cumSum(x, axis, reverse),
  ArgMax: unary(ops.argMax),
  TopKValues: ([x], { k }) => ops.topK(x, k).values,
  TopKIndices: ([x], { k }) => ops.topK(x, k).indices,

  MatMul: ([a, b], op) => ops.matMul(a, b, op),
  Dequantize: ([codes, scales, zeros], { block, width }) => ops.dequantize(codes, scales, zeros, { block, width }),

  Reshape: ([x], _, { shape }) => ops.reshape(x, shape),
  Transpose: ([x], { perm }) => ops.transpose(x, perm),
  Expand: ([x], _, { shape }) => ops.expand(x, shape),
  Concat: (parts, { axis }) => ops.concat(parts, axis),
  Slice: ([x], { axis, start, end }) => ops.slice(x, axis, start, end),
  Pad: ([x], { axis, before, after }) => ops.pad(x, axis, before, after),

  Gather: binary(ops.gather),
  ScatterRows: ([ids, updates], { rows }) => ops.scatterRows(ids, updates, rows),
  GatherElements: binary(ops.gatherElements),
  ScatterElements: ([ids, updates], { size }) => ops.scatterElements(ids, updates, size),

  Softmax: unary(ops.softmax),
  LogSoftmax: unary(ops.logSoftmax),
  RmsScale: ([x], { epsilon }) => ops.rmsScale(x, epsilon),
  RmsNorm: ([x, weight], { epsilon }) => ops.rmsNorm(x, weight, epsilon),
  Attend: binary(ops.attend)
}

const rebuilt = <T extends OpTag>(op: OpOf<T>, node: Node, args: ReadonlyArray<Expr>): Expr => {
  const rebuild = rebuilds[op._tag as T] as Rebuild<T>
  return rebuild(args as OperandsOf<T>, op, node)
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** What is wrong with one node, if anything. */
const fault = (node: Node, id: number, exprs: ReadonlyArray<Expr>): string | undefined => {
  if (!takes(node.op._tag, node.args.length)) return `takes another number of operands than ${node.args.length}.`
  const early = node.args.find((a) => !(Number.isInteger(a) && a >= 0 && a < id))
  if (early !== undefined) return `uses %${early}, which is not computed before it.`
  if (!node.shape.every((d) => Number.isInteger(d) && d >= 0)) return `has the shape ${Shapes.print(node.shape)}.`
  const attempt = Programs.attempt(() =>
    rebuilt(
      node.op,
      node,
      node.args.map((a) => exprs[a]!)
    )
  )
  if (Result.isFailure(attempt)) return attempt.failure.message
  const { op, shape, dtype, args } = attempt.success
  if (dtype !== node.dtype || !Shapes.equal(shape, node.shape)) {
    const [is, should] = [node, attempt.success].map((x) => `${x.dtype}${Shapes.print(x.shape)}`)
    return `is said to be ${is}, but is ${should}.`
  }
  if (op._tag === node.op._tag && args.length === node.args.length && op._tag !== "Constant" && !same(op, node.op)) {
    return `has the parameters ${JSON.stringify(node.op)}, whose normal form is ${JSON.stringify(op)}.`
  }
  return undefined
}

/**
 * Checks a program anew: operands before users, each node's shape and dtype as its op's rule says,
 * parameters in normal form, outputs that exist. Transforms end with it in tests.
 */
export const check = (program: Program): Result.Result<Program, InvalidProgram> => {
  const refuse = (reason: string) => Result.fail(new InvalidProgram({ reason }))
  const exprs: Array<Expr> = []
  const types = new Map<string, Node>()
  for (const [id, node] of program.nodes.entries()) {
    const wrong = fault(node, id, exprs)
    if (wrong !== undefined) return refuse(`node %${id} ${node.op._tag} ${wrong}`)
    if (node.op._tag === "Input") {
      if (types.has(node.op.name)) return refuse(`input "${node.op.name}" occurs twice.`)
      types.set(node.op.name, node)
    }
    const args = node.args.map((a) => exprs[a]!)
    exprs.push(ops.apply(node.op, args, node.shape, node.dtype))
  }
  const names = new Set<string>()
  for (const { name, node } of program.outputs) {
    if (program.nodes[node] === undefined) return refuse(`output "${name}" is %${node}, which does not exist.`)
    if (names.has(name)) return refuse(`output "${name}" occurs twice.`)
    names.add(name)
  }
  return names.size === 0 ? refuse("it has no outputs.") : Result.succeed(program)
}
