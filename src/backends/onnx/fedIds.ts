import type { Node, Program } from "../../core/program/index.ts"

/** The fed input that a node shows as it is, if it does. */
const sourceOf = (nodes: ReadonlyArray<Node>, id: number): string | undefined => {
  const { op, args } = nodes[id]!
  if (op._tag === "Input") return op.name
  return op._tag === "Reshape" || op._tag === "Expand" || op._tag === "Transpose"
    ? sourceOf(nodes, args[0]!)
    : undefined
}

/** The operand of ids, and the number of rows that they choose from. */
const choice = (nodes: ReadonlyArray<Node>, { op, args, shape }: Node): readonly [number, number] | undefined => {
  switch (op._tag) {
    case "Gather":
      return [args[1]!, nodes[args[0]!]!.shape[0]!]
    case "GatherElements":
      return [args[1]!, nodes[args[0]!]!.shape.at(-1)!]
    case "ScatterRows":
      return [args[0]!, shape[0]!]
    case "ScatterElements":
      return [args[0]!, shape.at(-1)!]
    default:
      return undefined
  }
}

/** Fed inputs that are ids as they come, each with the number of rows of its smallest table. */
export const fedIds = (
  { nodes }: Program,
  resident: ReadonlySet<string>
): ReadonlyArray<{ readonly name: string; readonly rows: number }> => {
  const rows = new Map<string, number>()
  for (const node of nodes) {
    const found = choice(nodes, node)
    const name = found === undefined ? undefined : sourceOf(nodes, found[0])
    if (found === undefined || name === undefined || resident.has(name)) continue
    rows.set(name, Math.min(found[1], rows.get(name) ?? found[1]))
  }
  return [...rows].map(([name, rows]) => ({ name, rows }))
}
