import type { View } from "../Plan.ts"
import type { Group } from "./Body.ts"
import { isFusable, isView } from "./scalars.ts"

/** Most tensors that one shader reads: devices bind eight buffers at least, one of them the result. */
const mostLeaves = 7

/** Most nodes of one group: longer shaders take long to compile. */
const mostMembers = 48

/** Most parts of a concatenation within a shader: each is computed for every element. */
export const mostParts = 4

const isLiteral = (view: View, id: number): boolean => {
  const { op } = view.nodes[id]!
  return op._tag === "Constant" && op.tensor.data.length === 1
}

const leavesOf = (view: View, members: ReadonlySet<number>, roots: ReadonlyArray<number>): ReadonlyArray<number> => {
  const read = new Set<number>()
  for (const r of roots) if (!members.has(r)) read.add(r)
  for (const m of members) for (const a of view.nodes[m]!.args) if (!members.has(a)) read.add(a)
  return [...read].filter((id) => !isLiteral(view, id))
}

/**
 * What a shader that needs the values `roots` computes by itself: operations on single elements that nobody else needs,
 * and views. `owner` is the node that the shader is for, the only other reader of the roots that may be left out.
 */
export const grow = (view: View, roots: ReadonlyArray<number>, owner: number): Group => {
  const members = new Set<number>()
  const waiting = new Set(roots)
  let leaves = leavesOf(view, members, roots)
  const allows = (id: number): boolean => {
    const { op, args } = view.nodes[id]!
    if (!isFusable(op)) return false
    if (op._tag === "Concat" && args.length > mostParts) return false
    if (id === owner || isView(op._tag)) return true
    return !view.visible.has(id) && view.users[id]!.every((u) => u === owner || members.has(u))
  }
  // The latest first: then all readers of a node have been decided on before it.
  while (waiting.size > 0 && members.size < mostMembers) {
    const id = Math.max(...waiting)
    waiting.delete(id)
    if (!allows(id)) continue
    members.add(id)
    const after = leavesOf(view, members, roots)
    if (after.length > mostLeaves) {
      members.delete(id)
      continue
    }
    leaves = after
    for (const a of view.nodes[id]!.args) if (!members.has(a)) waiting.add(a)
  }
  return { members, leaves }
}
