import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Node, OpOf, OpTag, Program } from "../../../core/program/index.ts"
import type { Arena } from "../Arena.ts"

/** How one program node is computed: the nodes whose values it takes, and the kernels. */
export interface Plan {
  readonly args: ReadonlyArray<number>
  /** Makes the value out of those of `args`; whatever else it makes is released after it. */
  readonly run: (arena: Arena, args: ReadonlyArray<TensorInfo>) => TensorInfo
}

/** What a rule may look at. */
export interface View {
  readonly nodes: ReadonlyArray<Node>
  /** For each node, the nodes that use it. */
  readonly users: ReadonlyArray<ReadonlyArray<number>>
  /** Nodes whose own value somebody outside the program needs. */
  readonly visible: ReadonlySet<number>
}

/** The lowering of one operation; `undefined` where the device has no form of it. */
export type Rule<T extends OpTag> = (at: {
  readonly view: View
  readonly id: number
  readonly node: Node
  readonly op: OpOf<T>
}) => Plan | undefined

/** A lowering: one rule an operation. Inputs and constants are there before anything runs. */
export type Rules = { readonly [T in Exclude<OpTag, "Input" | "Constant">]: Rule<T> }

/** What rules may see of a program. */
export const view = ({ nodes, outputs }: Program): View => {
  const users = nodes.map((): Array<number> => [])
  for (const [id, node] of nodes.entries()) for (const a of new Set(node.args)) users[a]!.push(id)
  return { nodes, users, visible: new Set(outputs.map((o) => o.node)) }
}
