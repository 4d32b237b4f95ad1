import type * as Lowering from "../../../core/lowering/index.ts"
import type { Node, OpOf, OpTag } from "../../../core/program/index.ts"
import type { Shape } from "../../../core/tensor/index.ts"
import type { Emitter } from "./Emitter.ts"

/** How one program node becomes ONNX. */
export interface Plan extends Lowering.Plan {
  readonly emit: (e: Emitter, names: ReadonlyArray<string>) => string
}

/** What a rule may look at. */
export interface View extends Lowering.View {
  /** Inputs that the model takes as bytes, with their shape there. */
  readonly bytes: ReadonlyMap<number, Shape>
}

export type Rule<T extends OpTag> = Lowering.Rule<T, Plan, View>
export type Rules = Lowering.Rules<Plan, View>

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
