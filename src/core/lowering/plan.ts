import { Result } from "effect"
import { type Node, type OpOf, type OpTag, type Program, Programs } from "../program/index.ts"
import { UnsupportedOp } from "../service/index.ts"

/** What a rule may look at. */
export interface View {
  readonly nodes: ReadonlyArray<Node>
  /** For each node, the nodes that use it. */
  readonly users: ReadonlyArray<ReadonlyArray<number>>
  /** Nodes whose own value somebody outside the program needs. */
  readonly visible: ReadonlySet<number>
  /** Whether a node's own value is needed: settled for the nodes after the one that is planned, for all once each is. */
  readonly needed: (id: number) => boolean
}

/** How one node is computed, beginning with the nodes whose values that takes. */
export interface Plan {
  readonly args: ReadonlyArray<number>
}

/** The lowering of one operation to a `P`; `undefined` where the engine has no form of it. */
export type Rule<T extends OpTag, P extends Plan, V extends View = View> = (at: {
  readonly view: V
  readonly id: number
  readonly node: Node
  readonly op: OpOf<T>
}) => P | undefined

/** A lowering: one rule an operation. Inputs and constants are there before anything is computed. */
export type Rules<P extends Plan, V extends View = View> = {
  readonly [T in Exclude<OpTag, "Input" | "Constant">]: Rule<T, P, V>
}

export interface Lowering<P extends Plan, V extends View> {
  /** Shown in errors. */
  readonly backend: string
  readonly rules: Rules<P, V>
  /** Nodes whose value is needed besides the outputs. */
  readonly values?: ReadonlyArray<number>
  /** What the rules see beside the program. */
  readonly see: (view: View) => V
}

/** A program as planned. */
export interface Planned<P extends Plan, V extends View> {
  readonly view: V
  /** The plan of each node that is computed, in the order of the nodes. */
  readonly plans: ReadonlyMap<number, P>
}

/**
 * Plans a program from its outputs up: a plan may take in nodes before its own, which are then not computed apart. Fails
 * with the last operation that the rules have no form of.
 */
export const plan = <P extends Plan, V extends View>(
  program: Program,
  { backend, rules, values = [], see }: Lowering<P, V>
): Result.Result<Planned<P, V>, UnsupportedOp> => {
  const { nodes, outputs } = program
  const visible = new Set([...outputs.map((o) => o.node), ...values])
  const needed = new Set(visible)
  const view = see({ nodes, users: Programs.users(program), visible, needed: (id) => needed.has(id) })
  const plans: Array<[number, P]> = []
  for (let id = nodes.length - 1; id >= 0; id--) {
    const node = nodes[id]!
    const { op } = node
    if (!needed.has(id) || op._tag === "Input" || op._tag === "Constant") continue
    // A table indexed by the tag holds the rule of that very op, which the type checker cannot follow.
    const rule = rules[op._tag] as Rule<OpTag, P, V> | undefined
    const made = rule?.({ view, id, node, op })
    if (made === undefined) return Result.fail(new UnsupportedOp({ backend, op: op._tag, node: id }))
    plans.push([id, made])
    for (const a of made.args) needed.add(a)
  }
  return Result.succeed({ view, plans: new Map(plans.reverse()) })
}
