import { type Program, Programs } from "../program/index.ts"

/** Puts back inputs of the program it came from that no output needs any more: a caller still feeds them. */
export const withInputs = (program: Program, { nodes }: Program): Program => {
  const used = Programs.inputs(program)
  const unused = nodes.filter((n) => n.op._tag === "Input" && used[n.op.name] === undefined)
  if (unused.length === 0) return program
  const shift = unused.length
  return {
    nodes: [...unused, ...program.nodes.map((n) => ({ ...n, args: n.args.map((a) => a + shift) }))],
    outputs: program.outputs.map(({ name, node }) => ({ name, node: node + shift }))
  }
}
