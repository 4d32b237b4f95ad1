import type { Expr } from "../../program/index.ts"
import * as ops from "../../program/index.ts"
import { Shapes } from "../../tensor/index.ts"
import { at, type Kind, type Maker, operand, partner, tame } from "./growth.ts"

const unary = (
  name: string,
  f: (x: Expr) => Expr,
  limit: number,
  bound: (b: number) => number,
  kind: Kind = "smooth"
): Maker => ({
  name,
  kind,
  make: (pool, { a }) => {
    const x = tame(operand(pool.f32, a), limit)
    return { x: f(x.x), bound: bound(x.bound) }
  }
})

const binary = (
  name: string,
  f: (x: Expr, y: Expr) => Expr,
  limit: number,
  bound: (a: number, b: number) => number,
  kind: Kind = "smooth"
): Maker => ({
  name,
  kind,
  make: (pool, { a, b }) => {
    const x = tame(operand(pool.f32, a), limit)
    const y = partner(x, tame(operand(pool.f32, b), limit))
    return { x: f(x.x, y.x), bound: bound(x.bound, y.bound) }
  }
})

const same = (b: number): number => b
const sum = (a: number, b: number): number => a + b
const larger = (a: number, b: number): number => Math.max(a, b)

/** Floats, one element at a time. */
export const elementwise: ReadonlyArray<Maker> = [
  binary("Add", ops.add, 100, sum),
  binary("Sub", ops.sub, 100, sum),
  binary("Mul", ops.mul, 10, (a, b) => a * b),
  // The divisor is kept away from zero.
  binary("Div", (x, y) => ops.div(x, ops.add(ops.mul(y, y), 1)), 10, same),
  unary("Neg", ops.neg, 100, same),
  unary("Exp", ops.exp, 2, Math.exp),
  unary(
    "Log",
    (x) => ops.log(ops.add(ops.mul(x, x), 0.5)),
    4,
    (b) => Math.log(b * b + 1) + 1
  ),
  unary(
    "Sqrt",
    (x) => ops.sqrt(ops.add(ops.mul(x, x), 0.5)),
    10,
    (b) => b + 1
  ),
  unary(
    "Reciprocal",
    (x) => ops.reciprocal(ops.add(ops.mul(x, x), 0.5)),
    10,
    () => 2
  ),
  unary("Tanh", ops.tanh, 100, () => 1),
  unary("Sigmoid", ops.sigmoid, 100, () => 1),
  unary("Erf", ops.erf, 100, () => 1),
  unary("Cos", ops.cos, 10, () => 1),
  unary("Sin", ops.sin, 10, () => 1),
  unary("Softplus", ops.softplus, 100, (b) => b + 1),
  unary("Silu", ops.silu, 100, same),
  unary("StopGradient", ops.stopGradient, 100, same, "continuous"),
  {
    name: "Pow",
    kind: "smooth",
    make: (pool, { a, n }) => {
      const x = tame(operand(pool.f32, a), 2)
      const exponent = at([2, 3, 1, 0, -1, 0.5, -0.5], n)
      // Exponents that need it get a positive base.
      const base = exponent > 0 && Number.isInteger(exponent) ? x.x : ops.add(ops.mul(x.x, x.x), 0.5)
      return { x: ops.pow(base, exponent), bound: 8 }
    }
  },
  unary("Abs", ops.abs, 100, same, "continuous"),
  unary("Relu", ops.relu, 100, same, "continuous"),
  unary(
    "Clip",
    (x) => ops.clip(x, -0.5, 0.75),
    100,
    () => 0.75,
    "continuous"
  ),
  binary("Max", ops.max, 100, larger, "continuous"),
  binary("Min", ops.min, 100, larger, "continuous"),
  unary("Sign", ops.sign, 100, () => 1, "any"),
  binary("Equal", ops.equal, 100, () => 2, "any"),
  binary("Less", ops.less, 100, () => 2, "any"),
  binary("Greater", ops.greater, 100, () => 2, "any"),
  {
    name: "Where",
    kind: "smooth",
    make: (pool, { a, b, c }) => {
      const x = operand(pool.f32, a)
      const y = partner(x, operand(pool.f32, b))
      const shape = Shapes.broadcast(x.x.shape, y.x.shape)!
      const condition = partner({ x: ops.full(shape, 0), bound: 0 }, operand(pool.bool, c))
      return { x: ops.where(condition.x, x.x, y.x), bound: larger(x.bound, y.bound) }
    }
  }
]

/** Integers, booleans and casts. */
export const integers: ReadonlyArray<Maker> = [
  {
    name: "i32 arithmetic",
    kind: "smooth",
    make: (pool, { a, b, n }) => {
      const x = operand(pool.i32, a)
      const y = partner(x, operand(pool.i32, b))
      // Integers stay in 0..bound-1, as ids must.
      if (n % 3 === 0 || x.bound + y.bound > 20) return { x: ops.min(x.x, y.x), bound: larger(x.bound, y.bound) }
      if (n % 3 === 1) return { x: ops.add(x.x, y.x), bound: x.bound + y.bound }
      return { x: ops.max(ops.sub(x.x, y.x), 0), bound: x.bound }
    }
  },
  {
    name: "i32 comparison",
    kind: "smooth",
    make: (pool, { a, b, n }) => {
      const x = operand(pool.i32, a)
      const y = partner(x, operand(pool.i32, b))
      return { x: at([ops.less, ops.equal, ops.greater], n)(x.x, y.x), bound: 2 }
    }
  },
  {
    name: "Cast",
    kind: "smooth",
    make: (pool, { a, n }) => {
      if (n % 3 === 0) return { x: ops.cast(operand(pool.bool, a).x, "f32"), bound: 1 }
      if (n % 3 === 1) return { x: ops.cast(operand(pool.bool, a).x, "i32"), bound: 2 }
      const { x, bound } = operand(pool.i32, a)
      return { x: ops.cast(x, "f32"), bound }
    }
  },
  {
    name: "Truncation",
    kind: "any",
    make: (pool, { a, n }) => {
      const x = tame(operand(pool.f32, a), 4)
      return n % 2 === 0
        ? { x: ops.cast(ops.abs(x.x), "i32"), bound: 5 }
        : { x: ops.cast(ops.greater(x.x, 0), "i32"), bound: 2 }
    }
  },
  {
    name: "Logic",
    kind: "smooth",
    make: (pool, { a, b, n }) => {
      const x = operand(pool.bool, a)
      if (n % 3 === 0) return { x: ops.not(x.x), bound: 2 }
      const y = partner(x, operand(pool.bool, b))
      return { x: (n % 3 === 1 ? ops.and : ops.or)(x.x, y.x), bound: 2 }
    }
  }
]
