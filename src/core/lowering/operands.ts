import type { Node } from "../program/index.ts"
import { type DType, type Shape, Shapes } from "../tensor/index.ts"

/** Operands of a node for an engine that broadcasts by itself. */
export interface Operands {
  /** The nodes whose values are needed. */
  readonly args: ReadonlyArray<number>
  /** One thing an operand, in order: of `values` there is one for each of `args`, and `scalar` makes the rest. */
  readonly each: <A>(values: ReadonlyArray<A>, scalar: (value: number, dtype: DType) => A) => ReadonlyArray<A>
}

type Source = { readonly id: number } | { readonly value: number; readonly dtype: DType }

const sources = (nodes: ReadonlyArray<Node>, node: Node): ReadonlyArray<Source> => {
  const shapes = node.args.map((a) => nodes[a]!.shape)
  return node.args.map((id, i) => {
    const { op, args, dtype } = nodes[id]!
    const rest = shapes.filter((_, j) => j !== i)
    const spans = (own: Shape): boolean => {
      const joint = [...rest, own].reduce<Shape | undefined>(
        (joined, s) => (joined === undefined ? undefined : Shapes.broadcast(joined, s)),
        []
      )
      return joint !== undefined && Shapes.equal(joint, node.shape)
    }
    if (op._tag === "Full" && spans([])) {
      shapes[i] = []
      return { value: op.value, dtype }
    }
    if (op._tag === "Expand" && spans(nodes[args[0]!]!.shape)) {
      shapes[i] = nodes[args[0]!]!.shape
      return { id: args[0]! }
    }
    return { id }
  })
}

/**
 * What a node on operands that broadcast takes: neither `Expand` nor `Full` need be computed where the other operands span
 * the shape without it.
 */
export const operands = (nodes: ReadonlyArray<Node>, node: Node): Operands => {
  const from = sources(nodes, node)
  return {
    args: from.flatMap((s) => ("id" in s ? [s.id] : [])),
    each: (values, scalar) => {
      let next = 0
      return from.map((s) => ("id" in s ? values[next++]! : scalar(s.value, s.dtype)))
    }
  }
}
