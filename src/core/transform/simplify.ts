import { applyKernel, IndexOutOfRange, type OperandsOf } from "../kernel/index.ts"
import {
  apply,
  commutative,
  constant,
  type Expr,
  named,
  type Op,
  type OpOf,
  type OpTag,
  order,
  type Program,
  Programs
} from "../program/index.ts"
import { Shapes, type Tensor } from "../tensor/index.ts"
import { beforeExpanding, rewrites } from "./rewrites.ts"
import { withInputs } from "./withInputs.ts"

const elementwise: ReadonlySet<OpTag> = new Set<OpTag>([
  ...(["Neg", "Exp", "Log", "Sqrt", "Reciprocal", "Tanh", "Sigmoid", "Erf", "Abs", "Sign", "Relu"] as const),
  ...(["Cos", "Sin", "Softplus", "Silu", "Not", "Pow", "Clip", "Cast", "StopGradient", "Add", "Sub", "Mul"] as const),
  ...(["Div", "Max", "Min", "Equal", "Less", "Greater", "And", "Or", "Where"] as const)
])

/** Results above this many elements are not computed ahead: the program would carry them. */
const largestFolded = 1 << 16

const known = (x: Expr): Tensor | undefined => {
  if (x.op._tag === "Constant") return x.op.tensor
  if (x.op._tag !== "Full" || Shapes.size(x.shape) > largestFolded) return undefined
  return applyKernel(x, [])
}

/** The value of a node all of whose operands are known. An id out of range stays to fail at run time. */
const folded = (x: Expr): Expr | undefined => {
  if (x.args.length === 0 || x.op._tag === "Expand" || Shapes.size(x.shape) > largestFolded) return undefined
  const values = x.args.map(known)
  if (!values.every((v) => v !== undefined)) return undefined
  try {
    return constant(applyKernel(x, values))
  } catch (error) {
    if (error instanceof IndexOutOfRange) return undefined
    throw error
  }
}

const rewritten = <T extends OpTag>(op: OpOf<T>, x: Expr): Expr | undefined => {
  const rewrite = rewrites[op._tag as T]
  return rewrite?.(x.args as OperandsOf<T>, op, x)
}

const step = (x: Expr): Expr | undefined =>
  rewritten(x.op, x) ?? (elementwise.has(x.op._tag) ? beforeExpanding(x) : undefined) ?? folded(x)

/** Tells nodes apart by what they compute, so that equal ones become one. */
class Interned {
  readonly #nodes = new Map<string, Expr>()
  readonly #ids = new Map<Expr, number>()
  readonly #tensors = new Map<Tensor, number>()

  #parameters(op: Op): string {
    if (op._tag !== "Constant") return Object.values(op).join(";")
    const { dtype, shape, data } = op.tensor
    if (data.length <= 64) return `Constant;${dtype};${shape};${Array.from(data)}`
    const id = this.#tensors.get(op.tensor) ?? this.#tensors.size
    this.#tensors.set(op.tensor, id)
    return `Constant;#${id}`
  }

  has(x: Expr): boolean {
    return this.#ids.has(x)
  }

  /** The first node that computes what `x` does. */
  of(x: Expr): Expr {
    const ids = x.args.map((a) => this.#ids.get(a)!)
    if (commutative.some((tag) => tag === x.op._tag)) ids.sort((a, b) => a - b)
    const key = `${this.#parameters(x.op)}|${ids}|${x.dtype}${x.shape}`
    const first = this.#nodes.get(key)
    if (first !== undefined) return first
    this.#nodes.set(key, x)
    this.#ids.set(x, this.#ids.size)
    return x
  }
}

/** Simplifies every node below the roots, each once; the function gives a root's new node. */
const simplified = (roots: ReadonlyArray<Expr>, step: (x: Expr) => Expr | undefined): ((x: Expr) => Expr) => {
  const interned = new Interned()
  const done = new Map<Expr, Expr>()
  const visit = (x: Expr): Expr => {
    const before = done.get(x) ?? (interned.has(x) ? x : undefined)
    if (before !== undefined) return before
    const args = x.args.map((a) => done.get(a) ?? visit(a))
    const moved = args.every((a, i) => a === x.args[i]) ? x : apply(x.op, args, x.shape, x.dtype)
    const own = moved === x || x.label === undefined ? moved : named(x.label, moved)
    const simpler = step(own)
    const result = simpler === undefined ? interned.of(own) : visit(simpler)
    done.set(x, result)
    return result
  }
  // Operands first: `visit` recurses only into the few nodes that a rewrite has just made.
  for (const x of order(roots)) visit(x)
  return visit
}

const through = (program: Program, step: (x: Expr) => Expr | undefined): Program => {
  const { outputs } = Programs.toExprs(program)
  const result = simplified(Object.values(outputs), step)
  const after = Programs.fromExprs(Object.fromEntries(Object.entries(outputs).map(([name, x]) => [name, result(x)])))
  return withInputs(after, program)
}

/**
 * A program with the same inputs and outputs and fewer nodes: equal nodes merged, unused ones dropped,
 * what is known ahead computed, and the algebra of `rewrites.ts` applied. It differentiates to the same too.
 */
export const simplify = (program: Program): Program => through(program, step)

/** `simplify` for a backend, after all differentiation: `StopGradient`, which computes nothing, goes too. */
export const lower = (program: Program): Program =>
  through(program, (x) => (x.op._tag === "StopGradient" ? x.args[0] : step(x)))
