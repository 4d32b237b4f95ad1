import type { Node, Program } from "../../../core/program/index.ts"

/** The same program with factors of products as multiplications, which join the operations that follow. */
export const apartAlpha = ({ nodes, outputs }: Program): Program => {
  const at: Array<number> = []
  const made: Array<Node> = []
  for (const node of nodes) {
    const { op, shape, dtype } = node
    const args = node.args.map((a) => at[a]!)
    if (op._tag === "MatMul" && op.alpha !== 1) {
      made.push({ ...node, op: { ...op, alpha: 1 }, args })
      made.push({ op: { _tag: "Full", value: op.alpha }, args: [], shape: [], dtype })
      made.push({ op: { _tag: "Mul" }, args: [made.length - 2, made.length - 1], shape, dtype })
    } else made.push({ ...node, args })
    at.push(made.length - 1)
  }
  return { nodes: made, outputs: outputs.map(({ name, node }) => ({ name, node: at[node]! })) }
}
