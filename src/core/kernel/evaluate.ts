import type { Node, OpOf, OpTag, Program } from "../program/index.ts"
import type { Tensor } from "../tensor/index.ts"
import { fromTensor, type Kernel, toTensor, type Value, zeros } from "./Kernel.ts"
import { kernels } from "./kernels.ts"
import type { OperandsOf } from "./Operands.ts"

/** Computes an operation into zeros, in the precision of what it is given. @throws IndexOutOfRange */
export const computeInto = <T extends OpTag>(op: OpOf<T>, args: ReadonlyArray<Value>, out: Value): Value => {
  const kernel = kernels[op._tag as T] as Kernel<T>
  kernel(args as OperandsOf<T, Value>, out, op)
  return out
}

/** The value of one operation. @throws IndexOutOfRange when an id is outside its table */
export const applyKernel = (node: Pick<Node, "op" | "shape" | "dtype">, args: ReadonlyArray<Tensor>): Tensor =>
  toTensor(computeInto(node.op, args.map(fromTensor), zeros(node.dtype, node.shape)))

/** For each node, the nodes whose value nobody needs after it. */
const releases = (program: Program): ReadonlyArray<ReadonlyArray<number>> => {
  const last = program.nodes.map((_, id) => id)
  for (const [id, node] of program.nodes.entries()) for (const a of node.args) last[a] = id
  const kept = new Set(program.outputs.map((o) => o.node))
  const freed: ReadonlyArray<Array<number>> = program.nodes.map(() => [])
  for (const [id, at] of last.entries()) if (!kept.has(id)) freed[at]!.push(id)
  return freed
}

/**
 * Prepares a program to be evaluated many times, in double precision, one kernel after another.
 *
 * Feeds must hold every input with its type; outputs may share storage with feeds.
 */
export const prepare = (program: Program) => {
  const freed = releases(program)
  return (feeds: Readonly<Record<string, Tensor>>): Readonly<Record<string, Tensor>> => {
    const env: Array<Value | undefined> = []
    for (const [id, { op, args, dtype, shape }] of program.nodes.entries()) {
      env.push(
        op._tag === "Input"
          ? fromTensor(feeds[op.name]!)
          : computeInto(
              op,
              args.map((a) => env[a]!),
              zeros(dtype, shape)
            )
      )
      for (const dead of freed[id]!) env[dead] = undefined
    }
    return Object.fromEntries(program.outputs.map((o) => [o.name, toTensor(env[o.node]!)]))
  }
}

/** Evaluates a program once: (program, feeds) -> outputs. @throws IndexOutOfRange */
export const evaluate = (
  program: Program,
  feeds: Readonly<Record<string, Tensor>> = {}
): Readonly<Record<string, Tensor>> => prepare(program)(feeds)
