import type { Program } from "../../../core/program/index.ts"

/** Only the nodes that outputs need, in an order given by their positions. */
const permuted = ({ nodes, outputs }: Program, order: ReadonlyArray<number>): Program => {
  const at = new Map(order.map((id, position) => [id, position]))
  return {
    nodes: order.map((id) => ({ ...nodes[id]!, args: nodes[id]!.args.map((a) => at.get(a)!) })),
    outputs: outputs.map(({ name, node }) => ({ name, node: at.get(node)! }))
  }
}

/** The nodes that outputs need, and of each whether another of them reads it. */
const needed = ({
  nodes,
  outputs
}: Program): { readonly of: ReadonlySet<number>; readonly read: ReadonlySet<number> } => {
  const of = new Set(outputs.map(({ node }) => node))
  const read = new Set<number>()
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (!of.has(id)) continue
    for (const a of nodes[id]!.args) {
      of.add(a)
      read.add(a)
    }
  }
  return { of, read }
}

/**
 * The program as ONNX Runtime runs it, whatever order its nodes are listed in: a walk from the results that nothing
 * reads, the last one first, into the operand listed last, and each node after its operands (`GraphViewer`, its default
 * topological order). What no output needs is gone.
 */
export const executionOrder = (program: Program): Program => {
  const { of, read } = needed(program)
  const ends = [...of].filter((id) => !read.has(id)).sort((a, b) => a - b)
  const order: Array<number> = []
  const visited = new Set<number>()
  const stack: Array<{ readonly id: number; readonly leaving: boolean }> = ends.map((id) => ({ id, leaving: false }))
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { id, leaving } = next
    if (leaving) order.push(id)
    else if (!visited.has(id)) {
      visited.add(id)
      stack.push({ id, leaving: true })
      const operands = [...new Set(program.nodes[id]!.args)].sort((a, b) => a - b)
      for (const a of operands) if (!visited.has(a)) stack.push({ id: a, leaving: false })
    }
  }
  return permuted(program, order)
}
