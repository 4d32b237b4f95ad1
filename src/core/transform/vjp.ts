import type { OperandsOf } from "../kernel/index.ts"
import {
  add,
  cast,
  cos,
  cumSum,
  DTypeMismatch,
  dequantize,
  describe,
  div,
  type Expr,
  equal,
  exp,
  expand,
  full,
  gather,
  gatherElements,
  greater,
  less,
  matMul,
  mul,
  neg,
  type OpOf,
  type OpTag,
  order,
  pad,
  pow,
  reshape,
  rmsScale,
  ShapeMismatch,
  scatterElements,
  scatterRows,
  sigmoid,
  sign,
  sin,
  slice,
  softmax,
  sub,
  sum,
  topK,
  transpose,
  where
} from "../program/index.ts"
import { type Shape, Shapes } from "../tensor/index.ts"

/** A gradient for each operand; `null` where none flows. */
type Gradients = ReadonlyArray<Expr | null>

/** Pulls the cotangent `g` of the result `y = op(args)` back to the operands. */
export type VjpRule<T extends OpTag> = (g: Expr, args: OperandsOf<T>, y: Expr, op: OpOf<T>) => Gradients

/** The adjoint of broadcasting: sums the axes that `shape` was repeated along. */
const sumTo = (g: Expr, shape: Shape): Expr => {
  if (Shapes.equal(g.shape, shape)) return g
  if (shape.length === 0) return reshape(sum(g), [])
  return sum(
    g,
    shape.flatMap((d, axis) => (d === 1 && g.shape[axis] !== 1 ? [axis] : []))
  )
}

const none = (): Gradients => [null]
const neither = (): Gradients => [null, null]

/** Reverse-mode differentiation, one rule an op. The formulas are those of specs/01-programs.md. */
export const vjpRules: { readonly [T in OpTag]: VjpRule<T> } = {
  Input: () => [],
  Constant: () => [],
  Full: () => [],

  Neg: (g) => [neg(g)],
  Exp: (g, _, y) => [mul(g, y)],
  Log: (g, [x]) => [div(g, x)],
  Sqrt: (g, _, y) => [div(mul(g, 0.5), y)],
  Reciprocal: (g, _, y) => [neg(mul(g, mul(y, y)))],
  Tanh: (g, _, y) => [mul(g, sub(1, mul(y, y)))],
  Sigmoid: (g, _, y) => [mul(g, mul(y, sub(1, y)))],
  Erf: (g, [x]) => [mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))],
  Abs: (g, [x]) => [mul(g, sign(x))],
  Sign: none,
  Relu: (g, [x]) => [where(greater(x, 0), g, 0)],
  Cos: (g, [x]) => [neg(mul(g, sin(x)))],
  Sin: (g, [x]) => [mul(g, cos(x))],
  Softplus: (g, [x]) => [mul(g, sigmoid(x))],
  Silu: (g, [x], y) => {
    const s = sigmoid(x)
    return [mul(g, add(s, mul(y, sub(1, s))))]
  },
  Not: none,
  Pow: (g, [x], _, { exponent }) => {
    if (exponent === 0) return [null]
    if (exponent === 1) return [g]
    return [mul(g, mul(exponent === 2 ? x : pow(x, exponent - 1), exponent))]
  },
  Clip: (g, [x], y) => [where(equal(x, y), g, 0)],
  Cast: (g, [x]) => [x.dtype === "f32" ? g : null],
  StopGradient: none,

  Add: (g, [a, b]) => [sumTo(g, a.shape), sumTo(g, b.shape)],
  Sub: (g, [a, b]) => [sumTo(g, a.shape), neg(sumTo(g, b.shape))],
  Mul: (g, [a, b]) => [sumTo(mul(g, b), a.shape), sumTo(mul(g, a), b.shape)],
  Div: (g, [a, b], y) => {
    const ga = div(g, b)
    return [sumTo(ga, a.shape), neg(sumTo(mul(ga, y), b.shape))]
  },
  Max: (g, [a, b]) => {
    const second = less(a, b)
    return [sumTo(where(second, 0, g), a.shape), sumTo(where(second, g, 0), b.shape)]
  },
  Min: (g, [a, b]) => {
    const second = greater(a, b)
    return [sumTo(where(second, 0, g), a.shape), sumTo(where(second, g, 0), b.shape)]
  },
  Equal: neither,
  Less: neither,
  Greater: neither,
  And: neither,
  Or: neither,
  Where: (g, [condition, a, b]) => [
    null,
    sumTo(where(condition, g, 0), a.shape),
    sumTo(where(condition, 0, g), b.shape)
  ],

  ReduceSum: (g, [x]) => [expand(g, x.shape)],
  ReduceMax: (g, [x], y, { axes }) => {
    const winners = cast(equal(x, y), "f32")
    return [mul(winners, div(g, sum(winners, axes)))]
  },
  CumSum: (g, _, __, { axis, reverse }) => [cumSum(g, axis, !reverse)],
  ArgMax: none,
  TopKValues: (g, [x], _, { k }) => [scatterElements(topK(x, k).indices, g, x.shape[x.shape.length - 1]!)],
  TopKIndices: none,

  MatMul: (g, [a, b], _, { transA, transB, alpha }) => [
    sumTo(
      transA ? matMul(b, g, { transA: transB, transB: true, alpha }) : matMul(g, b, { transB: !transB, alpha }),
      a.shape
    ),
    sumTo(
      transB ? matMul(g, a, { transA: true, transB: transA, alpha }) : matMul(a, g, { transA: !transA, alpha }),
      b.shape
    )
  ],

  // Linear in the scales: each gathers what its block's codes, less their zero, are worth.
  Dequantize: (g, [codes, scales, zeros], _, { block, width }) => {
    const [N, blocks] = scales.shape as readonly [number, number]
    const steps = dequantize(codes, full(scales.shape, 1), zeros, { block, width })
    const padded = pad(mul(g, steps), 1, 0, blocks * block - width)
    return [null, reshape(sum(reshape(padded, [N, blocks, block]), [-1]), scales.shape), null]
  },

  Reshape: (g, [x]) => [reshape(g, x.shape)],
  Transpose: (g, _, __, { perm }) => [
    transpose(
      g,
      perm.map((_, axis) => perm.indexOf(axis))
    )
  ],
  Expand: (g, [x]) => [sumTo(g, x.shape)],
  Concat: (g, parts, _, { axis }) => {
    let from = 0
    return parts.map((part) => {
      const width = part.shape[axis]!
      from += width
      return slice(g, axis, from - width, from)
    })
  },
  Slice: (g, [x], _, { axis, start, end }) => [pad(g, axis, start, x.shape[axis]! - end)],
  Pad: (g, [x], _, { axis, before }) => [slice(g, axis, before, before + x.shape[axis]!)],

  Gather: (g, [table, ids]) => [scatterRows(ids, g, table.shape[0]!), null],
  ScatterRows: (g, [ids]) => [null, gather(g, ids)],
  GatherElements: (g, [data, ids]) => [scatterElements(ids, g, data.shape[data.shape.length - 1]!), null],
  ScatterElements: (g, [ids]) => [null, gatherElements(g, ids)],

  Softmax: (g, _, y) => [mul(y, sub(g, sum(mul(g, y), [-1])))],
  LogSoftmax: (g, _, y) => [sub(g, mul(exp(y), sum(g, [-1])))],
  RmsScale: (g, [x], y) => [mul(x, mul(g, mul(pow(y, 3), -1 / x.shape[x.shape.length - 1]!)))],
  RmsNorm: (g, [x, weight], _, { epsilon }) => {
    const r = rmsScale(x, epsilon)
    const D = weight.shape[0]!
    const along = (w: Expr): Expr => reshape(w, [...x.shape.slice(0, -1).map(() => 1), D])
    // Both sums over g·x are products with a vector, which read it once and write next to nothing.
    const gx = reshape(mul(g, x), [-1, D])
    const dot = reshape(matMul(gx, reshape(weight, [D, 1])), r.shape)
    const dx = sub(mul(r, mul(g, along(weight))), mul(x, mul(mul(pow(r, 3), 1 / D), dot)))
    return [dx, reshape(matMul(reshape(r, [1, -1]), gx), [D])]
  },
  Attend: (g, [scores, values], y) => {
    const p = softmax(scores)
    const dp = matMul(g, values, { transB: true })
    return [
      sumTo(mul(p, sub(dp, sum(mul(g, y), [-1]))), scores.shape),
      sumTo(matMul(p, g, { transA: true }), values.shape)
    ]
  }
}

/** Inputs of one name are one variable, however many objects stand for it. */
const variable = (x: Expr): Expr | string => (x.op._tag === "Input" ? x.op.name : x)

const pull = <T extends OpTag>(op: OpOf<T>, y: Expr, g: Expr): Gradients => {
  const rule = vjpRules[op._tag as T] as VjpRule<T>
  return rule(g, y.args as OperandsOf<T>, y, op)
}

/**
 * Vector-Jacobian product: Σ_o ⟨cotangent_o, ∂output_o/∂w⟩ for each `w`, as more nodes of the same graph.
 *
 * Each `w` may be an input or any intermediate float; where no path leads to it the result is zeros.
 * Forward nodes are reused, so results differentiate again.
 *
 * @throws ShapeMismatch when a cotangent's shape is not its output's
 * @throws DTypeMismatch when an output or a `w` is not a float
 */
export const vjp = (
  outputs: ReadonlyArray<Expr>,
  cotangents: ReadonlyArray<Expr>,
  wrt: ReadonlyArray<Expr>
): ReadonlyArray<Expr> => {
  const floats = [...outputs, ...wrt].filter((x) => x.dtype !== "f32")
  if (floats.length > 0) {
    throw new DTypeMismatch({ op: "vjp", operands: floats.map(describe), rule: "only floats have derivatives." })
  }
  const sums = new Map<Expr | string, Expr>()
  const accumulate = (x: Expr, g: Expr) => {
    const before = sums.get(variable(x))
    sums.set(variable(x), before === undefined ? g : add(before, g))
  }
  for (const [i, y] of outputs.entries()) {
    const g = cotangents[i]
    if (g === undefined || !Shapes.equal(g.shape, y.shape)) {
      const operands = (g === undefined ? [y] : [y, g]).map(describe)
      throw new ShapeMismatch({ op: "vjp", operands, rule: "each output needs a cotangent of its own shape." })
    }
    accumulate(y, g)
  }
  const nodes = order(outputs)
  const active = new Set<Expr | string>(wrt.map(variable))
  for (const x of nodes) {
    if (x.dtype === "f32" && x.args.some((a) => active.has(variable(a)))) active.add(variable(x))
  }
  for (let i = nodes.length - 1; i >= 0; i--) {
    const y = nodes[i]!
    const g = sums.get(variable(y))
    if (g === undefined || y.args.length === 0 || !active.has(y)) continue
    for (const [k, ga] of pull(y.op, y, g).entries()) {
      if (ga !== null && active.has(variable(y.args[k]!))) accumulate(y.args[k]!, ga)
    }
  }
  return wrt.map((w) => sums.get(variable(w)) ?? full(w.shape, 0))
}

/**
 * Gradient of a loss with one element.
 *
 * @throws ShapeMismatch when the loss has more than one element
 */
export const grad = (loss: Expr, wrt: ReadonlyArray<Expr>): ReadonlyArray<Expr> => {
  if (Shapes.size(loss.shape) !== 1) {
    throw new ShapeMismatch({ op: "grad", operands: [describe(loss)], rule: "a loss has one element; reduce it." })
  }
  return vjp([loss], [full(loss.shape, 1)], wrt)
}
