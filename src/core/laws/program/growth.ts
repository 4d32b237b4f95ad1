import type { Expr } from "../../program/index.ts"
import * as ops from "../../program/index.ts"
import { type Shape, Shapes } from "../../tensor/index.ts"

/** What may follow from a small change of a float: how freely programs are drawn. */
export type Kind =
  /** Every op is differentiable: central differences hold. */
  | "smooth"
  /** No float decides between values, so rounding stays small: backends of different precision agree. */
  | "continuous"
  /** Everything. */
  | "any"

/** A node with what is known of its values: |x| <= bound, or 0 <= x < bound for integers. */
export interface Grown {
  readonly x: Expr
  readonly bound: number
}

/** Numbers that decide how one node is made; any numbers are valid, smaller ones give simpler nodes. */
export interface Pick {
  readonly maker: number
  readonly a: number
  readonly b: number
  readonly c: number
  readonly n: number
}

/** Operands to draw from, none of them empty. */
export interface Pool {
  readonly f32: ReadonlyArray<Grown>
  readonly i32: ReadonlyArray<Grown>
  readonly bool: ReadonlyArray<Grown>
}

/** Makes a node from whatever the pool holds. */
export interface Maker {
  readonly name: string
  readonly kind: Kind
  readonly make: (pool: Pool, pick: Pick) => Grown
}

/** The item at a position, counted round. */
export const at = <A>(items: ReadonlyArray<A>, i: number): A => items[i % items.length]!

/** The same numbers, bounded: values stay where float32 and finite differences are exact enough. */
export const tame = ({ x, bound }: Grown, limit: number): Grown =>
  bound <= limit ? { x, bound } : { x: ops.mul(ops.tanh(x), Math.min(1, limit)), bound: Math.min(1, limit) }

/** An operand: every other time the newest, so that ops chain. */
export const operand = (items: ReadonlyArray<Grown>, i: number): Grown =>
  i % 2 === 0 ? items[items.length - 1]! : at(items, (i - 1) / 2)

/** At least that many axes. */
export const ranked = ({ x, bound }: Grown, rank: number): Grown =>
  x.shape.length >= rank
    ? { x, bound }
    : { x: ops.reshape(x, [...new Array<number>(rank - x.shape.length).fill(1), ...x.shape]), bound }

/** A tensor of the shape made of `x`: its elements if they fit, else their mean repeated. */
export const fitted = ({ x, bound }: Grown, shape: Shape): Grown => {
  if (Shapes.size(x.shape) === Shapes.size(shape)) return { x: ops.reshape(x, shape), bound }
  if (x.dtype === "f32") return { x: ops.expand(ops.reshape(ops.mean(x), []), shape), bound }
  const first = x.shape.reduce((y, _, axis) => ops.slice(y, axis, 0, 1), x)
  return { x: ops.expand(ops.reshape(first, []), shape), bound }
}

/** A second operand that broadcasts with the first. */
export const partner = (a: Grown, b: Grown): Grown =>
  Shapes.broadcast(a.x.shape, b.x.shape) === undefined ? fitted(b, a.x.shape) : b

/** Size of the last axis. */
export const last = (x: Expr): number => x.shape[x.shape.length - 1]!
/** Some axis. */
export const axisOf = (x: Expr, n: number): number => n % x.shape.length

/** Ids below a limit. */
export const below = ({ x, bound }: Grown, limit: number): Expr => (bound <= limit ? x : ops.min(x, limit - 1))
