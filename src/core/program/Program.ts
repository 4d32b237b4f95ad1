import { Result } from "effect"
import { type DType, type Shape, Shapes, type Tensor } from "../tensor/index.ts"
import { apply, constant, type Expr, input, named, order } from "./Expr.ts"
import { type BuildError, DTypeMismatch, InvalidProgram, ShapeMismatch } from "./errors.ts"
import type { Op } from "./Op.ts"

/** One operation of a program; `args` index earlier nodes. */
export interface Node {
  readonly op: Op
  readonly args: ReadonlyArray<number>
  readonly shape: Shape
  readonly dtype: DType
  readonly label?: string
}

/** The type of an input. */
export interface Spec {
  readonly shape: Shape
  readonly dtype: DType
}

/** A named result. */
export interface Output {
  readonly name: string
  readonly node: number
}

/** A tensor program: pure data, nodes in topological order. */
export interface Program {
  readonly nodes: ReadonlyArray<Node>
  readonly outputs: ReadonlyArray<Output>
}

/** An input's type. */
export const spec = (shape: Shape, dtype: DType = "f32"): Spec => ({ shape, dtype })

/** The inputs in order of first use. */
export const inputs = (program: Program): Readonly<Record<string, Spec>> =>
  Object.fromEntries(
    program.nodes.flatMap((n) => (n.op._tag === "Input" ? [[n.op.name, { shape: n.shape, dtype: n.dtype }]] : []))
  )

/** The type of each output. */
export const outputSpecs = (program: Program): Readonly<Record<string, Spec>> =>
  Object.fromEntries(
    program.outputs.map((o) => [o.name, spec(program.nodes[o.node]!.shape, program.nodes[o.node]!.dtype)])
  )

/** For each node, the nodes that use it, each once. */
export const users = ({ nodes }: Program): ReadonlyArray<ReadonlyArray<number>> => {
  const found = nodes.map((): Array<number> => [])
  for (const [id, { args }] of nodes.entries()) for (const a of new Set(args)) found[a]!.push(id)
  return found
}

/**
 * Linearises symbolic outputs into a program.
 *
 * @throws InvalidProgram when there is no output or one input name has two types
 */
export const fromExprs = (outputs: Readonly<Record<string, Expr>>): Program => {
  const roots = Object.values(outputs)
  if (roots.length === 0) throw new InvalidProgram({ reason: "it has no outputs." })
  const ids = new Map<Expr, number>()
  const byName = new Map<string, number>()
  const nodes: Array<Node> = []
  for (const x of order(roots)) {
    if (x.op._tag === "Input") {
      const known = byName.get(x.op.name)
      if (known !== undefined) {
        const other = nodes[known]!
        if (other.dtype !== x.dtype || !Shapes.equal(other.shape, x.shape)) {
          throw new InvalidProgram({
            reason: `input "${x.op.name}" is ${other.dtype}${Shapes.print(other.shape)} and ${x.dtype}${Shapes.print(x.shape)}.`
          })
        }
        ids.set(x, known)
        continue
      }
      byName.set(x.op.name, nodes.length)
    }
    ids.set(x, nodes.length)
    const node: Node = { op: x.op, args: x.args.map((a) => ids.get(a)!), shape: x.shape, dtype: x.dtype }
    nodes.push(x.label === undefined ? node : { ...node, label: x.label })
  }
  return { nodes, outputs: Object.entries(outputs).map(([name, x]) => ({ name, node: ids.get(x)! })) }
}

/** The program's nodes as symbolic tensors again, ready for more operations; `inputs` may replace inputs by name. */
export const toExprs = (
  program: Program,
  replace: Readonly<Record<string, Expr>> = {}
): { readonly nodes: ReadonlyArray<Expr>; readonly outputs: Readonly<Record<string, Expr>> } => {
  const nodes: Array<Expr> = []
  for (const n of program.nodes) {
    const given = n.op._tag === "Input" ? replace[n.op.name] : undefined
    const x =
      given ??
      apply(
        n.op,
        n.args.map((a) => nodes[a]!),
        n.shape,
        n.dtype
      )
    nodes.push(n.label === undefined || given !== undefined ? x : named(n.label, x))
  }
  return { nodes, outputs: Object.fromEntries(program.outputs.map((o) => [o.name, nodes[o.node]!])) }
}

/** Symbolic inputs of the given types. */
export const inputsOf = <const S extends Readonly<Record<string, Spec>>>(specs: S): { readonly [K in keyof S]: Expr } =>
  Object.fromEntries(Object.entries(specs).map(([name, s]) => [name, input(name, s.shape, s.dtype)])) as {
    readonly [K in keyof S]: Expr
  }

/** Runs a function that builds a value and may throw a `BuildError`; any other throw is a defect. */
export const attempt = <A>(body: () => A): Result.Result<A, BuildError> => {
  try {
    return Result.succeed(body())
  } catch (error) {
    if (error instanceof ShapeMismatch || error instanceof DTypeMismatch || error instanceof InvalidProgram) {
      return Result.fail(error)
    }
    throw error
  }
}

/**
 * Traces a plain function over symbolic tensors into a program: the single boundary at which shape
 * and dtype errors become values.
 *
 * @example
 * Program.build({ x: Program.spec([2, 3]) }, ({ x }) => ({ y: softmax(x) }))
 */
export const build = <const S extends Readonly<Record<string, Spec>>>(
  specs: S,
  trace: (inputs: { readonly [K in keyof S]: Expr }) => Readonly<Record<string, Expr>>
): Result.Result<Program, BuildError> => attempt(() => fromExprs(trace(inputsOf(specs))))

/** A copy whose inputs are replaced by constants. */
export const bind = (program: Program, values: Readonly<Record<string, Tensor>>): Program =>
  fromExprs(
    toExprs(program, Object.fromEntries(Object.entries(values).map(([name, t]) => [name, constant(t)]))).outputs
  )
