import type { Node, OpOf, OpTag } from "../../../core/program/index.ts"
import type { Shape } from "../../../core/tensor/index.ts"
import type { Emitter } from "./Emitter.ts"

/** How one program node becomes ONNX: the program nodes whose values it needs, and the emission. */
export interface Plan {
  readonly args: ReadonlyArray<number>
  readonly emit: (e: Emitter, names: ReadonlyArray<string>) => string
}

/** What a rule may look at: the program's nodes, and which of them are emitted on their own. */
export interface View {
  readonly nodes: ReadonlyArray<Node>
  /** For each node, the nodes that use it. */
  readonly users: ReadonlyArray<ReadonlyArray<number>>
  /** Inputs that the model takes as bytes, with their shape there. */
  readonly bytes: ReadonlyMap<number, Shape>
  /** Whether a node's own value is needed; complete once every plan is made, so only `emit` may ask. */
  readonly needed: (id: number) => boolean
}

/** The lowering of one operation. `undefined` means that the execution provider has no form of it. */
export type Rule<T extends OpTag> = (at: {
  readonly view: View
  readonly id: number
  readonly node: Node
  readonly op: OpOf<T>
}) => Plan | undefined

/** A lowering: one rule an operation. */
export type Rules = { readonly [T in OpTag]: Rule<T> }

/** The node when it has the given operation. */
export const whenOp = <T extends OpTag>(
  view: View,
  id: number,
  tag: T
): (Node & { readonly op: OpOf<T> }) | undefined => {
  const node = view.nodes[id]!
  return node.op._tag === tag ? (node as Node & { readonly op: OpOf<T> }) : undefined
}

/** A program input's name in the model: behind a prefix that emitted values never have. */
export const inputName = (name: string): string => `in:${name}`
