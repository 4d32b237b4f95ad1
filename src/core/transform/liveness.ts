import type { Node, Program } from "../program/index.ts"
import { DTypes, Shapes } from "../tensor/index.ts"

/** Bytes of a node's result. */
export const bytes = (n: Node): number => Shapes.size(n.shape) * DTypes.bytes[n.dtype]

/** What takes no memory of the run: inputs and constants. */
export const isSource = (n: Node): boolean => n.op._tag === "Input" || n.op._tag === "Constant"

/** The node whose storage each node shares: reshaping moves nothing. */
export const storage = (program: Program): ReadonlyArray<number> => {
  const roots: Array<number> = []
  for (const [id, node] of program.nodes.entries()) roots.push(node.op._tag === "Reshape" ? roots[node.args[0]!]! : id)
  return roots
}

/** Largest sum of intermediates and outputs that exist at once when nodes run in order and go after their last use. */
export const peakLiveBytes = (program: Program): number => {
  const roots = storage(program)
  const last = program.nodes.map((_, id) => id)
  for (const [id, node] of program.nodes.entries()) for (const a of node.args) last[roots[a]!] = id
  for (const { node } of program.outputs) last[roots[node]!] = program.nodes.length
  const ends = new Map<number, number>()
  let live = 0
  let highest = 0
  for (const [id, node] of program.nodes.entries()) {
    if (!isSource(node) && roots[id] === id) {
      live += bytes(node)
      ends.set(last[id]!, (ends.get(last[id]!) ?? 0) + bytes(node))
    }
    highest = Math.max(highest, live)
    live -= ends.get(id) ?? 0
  }
  return highest
}
