import type { OperandsOf } from "../kernel/index.ts"
import * as ops from "../program/index.ts"
import { DTypeMismatch, describe, type Expr, type OpOf, type OpTag, order, ShapeMismatch } from "../program/index.ts"
import { type Shape, Shapes } from "../tensor/index.ts"

/**
 * The derivative of `y = op(args)` in the direction `t` of operand `k` alone, shaped like `y`;
 * `null` where it is zero.
 */
type JvpRule<T extends OpTag> = (t: Expr, k: number, args: OperandsOf<T>, y: Expr, op: OpOf<T>) => Expr | null

const { add, div, mul, neg, sub, sum, where } = ops
const zero = () => null
const last = (shape: Shape): number => shape[shape.length - 1]!

/** Σ over the last axis of p·t, subtracted from t: how softmax weights p move when scores move by t. */
const centred = (p: Expr, t: Expr): Expr => sub(t, sum(mul(p, t), [-1]))

/** Forward-mode differentiation, one rule an op. */
const jvpRules: { readonly [T in OpTag]: JvpRule<T> } = {
  Input: zero,
  Constant: zero,
  Full: zero,

  Neg: (t) => neg(t),
  Exp: (t, _, [x]) => mul(t, ops.exp(x)),
  Log: (t, _, [x]) => mul(t, ops.reciprocal(x)),
  Sqrt: (t, _, [x]) => mul(t, mul(ops.pow(x, -0.5), 0.5)),
  Reciprocal: (t, _, [x]) => neg(div(t, mul(x, x))),
  Tanh: (t, _, [x]) => {
    const c = mul(add(ops.exp(x), ops.exp(neg(x))), 0.5)
    return div(t, mul(c, c))
  },
  Sigmoid: (t, _, [x]) => mul(t, mul(ops.sigmoid(x), ops.sigmoid(neg(x)))),
  Erf: (t, _, [x]) => mul(t, mul(ops.exp(neg(ops.pow(x, 2))), 2 / Math.sqrt(Math.PI))),
  Abs: (t, _, [x]) => mul(t, sub(ops.cast(ops.greater(x, 0), "f32"), ops.cast(ops.less(x, 0), "f32"))),
  Sign: zero,
  Relu: (t, _, [x]) => mul(t, ops.cast(ops.greater(x, 0), "f32")),
  Cos: (t, _, [x]) => neg(mul(t, ops.sin(x))),
  Sin: (t, _, [x]) => mul(t, ops.cos(x)),
  Softplus: (t, _, [x]) => div(t, add(1, ops.exp(neg(x)))),
  Silu: (t, _, [x]) => mul(t, mul(ops.sigmoid(x), add(1, mul(x, ops.sigmoid(neg(x)))))),
  Not: zero,
  Pow: (t, _, [x], __, { exponent }) => (exponent === 0 ? null : mul(t, mul(ops.pow(x, exponent - 1), exponent))),
  Clip: (t, _, [x], __, op) => where(ops.or(ops.less(x, op.min), ops.greater(x, op.max)), 0, t),
  Cast: (t, _, __, y) => (y.dtype === "f32" ? t : null),
  StopGradient: zero,

  Add: (t, _, __, y) => ops.expand(t, y.shape),
  Sub: (t, k, _, y) => ops.expand(k === 0 ? t : neg(t), y.shape),
  Mul: (t, k, args) => mul(t, args[1 - k]!),
  Div: (t, k, [a, b]) => (k === 0 ? div(t, b) : neg(div(mul(t, a), mul(b, b)))),
  Max: (t, k, [a, b], y) => ops.expand(where(ops.less(a, b), k === 0 ? 0 : t, k === 0 ? t : 0), y.shape),
  Min: (t, k, [a, b], y) => ops.expand(where(ops.less(b, a), k === 0 ? 0 : t, k === 0 ? t : 0), y.shape),
  Equal: zero,
  Less: zero,
  Greater: zero,
  And: zero,
  Or: zero,
  Where: (t, k, [condition], y) => ops.expand(where(condition, k === 1 ? t : 0, k === 1 ? 0 : t), y.shape),

  ReduceSum: (t, _, __, ___, { axes }) => sum(t, axes),
  ReduceMax: (t, _, [x], y, { axes }) => {
    const winner = ops.equal(x, y)
    return div(sum(where(winner, t, 0), axes), sum(ops.cast(winner, "f32"), axes))
  },
  CumSum: (t, _, __, ___, { axis, reverse }) => ops.cumSum(t, axis, reverse),
  ArgMax: zero,
  TopKValues: (t, _, [x], __, { k }) => ops.gatherElements(t, ops.topK(x, k).indices),
  TopKIndices: zero,

  MatMul: (t, k, [a, b], _, op) => (k === 0 ? ops.matMul(t, b, op) : ops.matMul(a, t, op)),

  Dequantize: (t, k, [codes, , zeros], _, op) => (k === 1 ? ops.dequantize(codes, t, zeros, op) : null),

  Reshape: (t, _, __, y) => ops.reshape(t, y.shape),
  Transpose: (t, _, __, ___, { perm }) => ops.transpose(t, perm),
  Expand: (t, _, __, y) => ops.expand(t, y.shape),
  Concat: (t, k, parts, _, { axis }) =>
    ops.concat(
      parts.map((part, i) => (i === k ? t : ops.full(part.shape, 0))),
      axis
    ),
  Slice: (t, _, __, ___, { axis, start, end }) => ops.slice(t, axis, start, end),
  Pad: (t, _, __, ___, { axis, before, after }) => ops.pad(t, axis, before, after),

  Gather: (t, _, [, ids]) => ops.gather(t, ids),
  ScatterRows: (t, _, [ids], __, { rows }) => ops.scatterRows(ids, t, rows),
  GatherElements: (t, _, [, ids]) => ops.gatherElements(t, ids),
  ScatterElements: (t, _, [ids], __, { size }) => ops.scatterElements(ids, t, size),

  Softmax: (t, _, __, y) => mul(y, centred(y, t)),
  LogSoftmax: (t, _, [x]) => centred(ops.softmax(x), t),
  RmsScale: (t, _, [x], y) => neg(mul(mul(ops.pow(y, 3), 1 / last(x.shape)), sum(mul(x, t), [-1]))),
  RmsNorm: (t, k, [x, weight], _, { epsilon }) => {
    const row = x.shape.map((d, axis) => (axis === x.shape.length - 1 ? d : 1))
    const r = ops.rmsScale(x, epsilon)
    if (k === 1) return mul(mul(x, r), ops.reshape(t, row))
    const moved = neg(mul(mul(ops.pow(r, 3), 1 / last(x.shape)), sum(mul(x, t), [-1])))
    return mul(ops.reshape(weight, row), add(mul(t, r), mul(x, moved)))
  },
  Attend: (t, k, [scores, values]) => {
    const p = ops.softmax(scores)
    return k === 1 ? ops.matMul(p, t) : ops.matMul(mul(p, centred(p, t)), values)
  }
}

const push = <T extends OpTag>(op: OpOf<T>, y: Expr, t: Expr, k: number): Expr | null => {
  const rule = jvpRules[op._tag as T] as JvpRule<T>
  return rule(t, k, y.args as OperandsOf<T>, y, op)
}

/**
 * Jacobian-vector product: the derivative of each output when each `wrt` moves in the direction of its
 * tangent (forward mode). Its rules are written apart from those of `vjp`, so that the law
 * ⟨u, jvp(v)⟩ = ⟨vjp(u), v⟩ can fail.
 *
 * @throws ShapeMismatch when a tangent's shape is not its variable's
 * @throws DTypeMismatch when an output or a `wrt` is not a float
 */
export const jvp = (
  outputs: ReadonlyArray<Expr>,
  wrt: ReadonlyArray<Expr>,
  tangents: ReadonlyArray<Expr>
): ReadonlyArray<Expr> => {
  const others = [...outputs, ...wrt].filter((x) => x.dtype !== "f32")
  if (others.length > 0) {
    throw new DTypeMismatch({ op: "jvp", operands: others.map(describe), rule: "only floats have derivatives." })
  }
  const variable = (x: Expr): Expr | string => (x.op._tag === "Input" ? x.op.name : x)
  const moving = new Map<Expr | string, Expr>()
  for (const [i, w] of wrt.entries()) {
    const t = tangents[i]
    if (t === undefined || !Shapes.equal(t.shape, w.shape)) {
      const operands = (t === undefined ? [w] : [w, t]).map(describe)
      throw new ShapeMismatch({ op: "jvp", operands, rule: "each variable needs a tangent of its own shape." })
    }
    moving.set(variable(w), t)
  }
  for (const y of order(outputs)) {
    if (y.dtype !== "f32") continue
    for (const [k, a] of y.args.entries()) {
      const t = moving.get(variable(a))
      const moved = t === undefined ? null : push(y.op, y, t, k)
      if (moved === null) continue
      const before = moving.get(y)
      moving.set(y, before === undefined ? moved : add(before, moved))
    }
  }
  return outputs.map((y) => moving.get(variable(y)) ?? ops.full(y.shape, 0))
}
