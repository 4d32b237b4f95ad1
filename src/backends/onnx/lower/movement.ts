import { keepsOrder } from "../../../core/lowering/index.ts"
import type { Node, OpOf } from "../../../core/program/index.ts"
import type { Emitter } from "./Emitter.ts"
import { terms } from "./elementwise.ts"
import { type Plan, type Rule, type View, whenOp } from "./Plan.ts"

type SliceNode = Node & { readonly op: OpOf<"Slice"> }

/** The slices of one tensor along one axis that are emitted, when they cover the axis without gap or overlap. */
const tiling = (view: View, of: SliceNode): ReadonlyArray<SliceNode> | undefined => {
  const source = of.args[0]!
  const slices = view.users[source]!.flatMap((id) => {
    const user = whenOp(view, id, "Slice")
    return user !== undefined && user.op.axis === of.op.axis && view.needed(id) ? [user] : []
  })
  const parts = [...new Map(slices.map((s) => [s.op.start, s])).values()].sort((a, b) => a.op.start - b.op.start)
  const ends = [0, ...parts.map((s) => s.op.end)]
  const covers =
    parts.every((s, i) => s.op.start === ends[i]) && ends[parts.length] === view.nodes[source]!.shape[of.op.axis]
  return covers && parts.length > 1 && slices.every((s) => parts.some((p) => p.op.end === s.op.end)) ? parts : undefined
}

/** Slices that tile an axis are the outputs of one Split. */
export const slice: Rule<"Slice"> = ({ view, node, op }) => ({
  args: node.args,
  emit: (e, [x]) => {
    const parts = tiling(view, node as SliceNode)
    if (parts === undefined) {
      return e.node("Slice", [x!, e.ints([op.start]), e.ints([op.end]), e.ints([op.axis])])
    }
    const sizes = e.ints(parts.map((p) => p.op.end - p.op.start))
    const outputs = e.nodes("Split", [x!, sizes], { attributes: { axis: op.axis }, outputs: parts.length })
    return outputs[parts.findIndex((p) => p.op.start === op.start)]!
  }
})

/** Zeros in int64 pairs: all the starts, then all the ends. */
const padding = (rank: number, op: OpOf<"Pad">): ReadonlyArray<number> => [
  ...Array.from({ length: rank }, (_, axis) => (axis === op.axis ? op.before : 0)),
  ...Array.from({ length: rank }, (_, axis) => (axis === op.axis ? op.after : 0))
]

export const pad: Rule<"Pad"> = ({ node, op }) => ({
  args: node.args,
  emit: (e, [x]) => e.node("Pad", [x!, e.ints(padding(node.shape.length, op))])
})

/** A sum of paddings that fill an axis side by side, as differentiation makes of a split, is a Concat. */
export const sumOfPads = (view: View, id: number): Plan | undefined => {
  const parts = terms(view, id).map((t) => whenOp(view, t, "Pad"))
  const axis = parts[0]?.op.axis
  if (axis === undefined || parts.length < 2) return undefined
  const sorted: Array<Node & { readonly op: OpOf<"Pad"> }> = []
  for (const p of parts) {
    if (p === undefined || p.op.axis !== axis) return undefined
    sorted.push(p)
  }
  sorted.sort((a, b) => a.op.before - b.op.before)
  let end = 0
  for (const p of sorted) {
    if (p.op.before !== end) return undefined
    end += view.nodes[p.args[0]!]!.shape[axis]!
  }
  if (end !== view.nodes[id]!.shape[axis]) return undefined
  return { args: sorted.map((p) => p.args[0]!), emit: (e, names) => e.node("Concat", names, { attributes: { axis } }) }
}

/** The value that a chain of reshapes starts from. */
export const unreshaped = (view: View, id: number): number => {
  const node = whenOp(view, id, "Reshape")
  return node === undefined ? id : unreshaped(view, node.args[0]!)
}

const reshaped = (e: Emitter, x: string, { shape }: Node): string =>
  e.node("Reshape", [x, e.ints(shape)], { attributes: { allowzero: shape.includes(0) ? 1 : 0 } })

export const reshape: Rule<"Reshape"> = ({ view, id, node }) => ({
  args: [unreshaped(view, id)],
  emit: (e, [x]) => reshaped(e, x!, node)
})

export const transpose: Rule<"Transpose"> = ({ view, node, op }) => {
  const inOrder = keepsOrder(view.nodes[node.args[0]!]!.shape, op.perm)
  return {
    args: node.args,
    emit: (e, [x]) => (inOrder ? reshaped(e, x!, node) : e.node("Transpose", [x!], { attributes: { perm: op.perm } }))
  }
}

export const expand: Rule<"Expand"> = ({ node }) => ({
  args: node.args,
  emit: (e, [x]) => e.node("Expand", [x!, e.ints(node.shape)])
})

export const full: Rule<"Full"> = ({ node, op }) => ({
  args: [],
  emit: (e) =>
    node.shape.length === 0
      ? e.scalar(op.value, node.dtype)
      : e.node("Expand", [e.scalar(op.value, node.dtype), e.ints(node.shape)])
})
