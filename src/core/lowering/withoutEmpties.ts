import type { Node, Program } from "../program/index.ts"
import { Shapes, Tensors } from "../tensor/index.ts"

const isEmpty = ({ shape }: Node): boolean => Shapes.size(shape) === 0

/**
 * The same program, in which no operation reads or makes a tensor without elements, inputs and outputs apart: for engines
 * whose kernels differ in what they make of one, or end the process. A sum over nothing is zero, and a join needs no empty
 * part.
 */
export const withoutEmpties = (program: Program): Program => ({
  ...program,
  nodes: program.nodes.map((node): Node => {
    if (node.op._tag === "Input" || node.op._tag === "Constant") return node
    if (isEmpty(node)) return { ...node, op: { _tag: "Constant", tensor: Tensors.zeros(node) }, args: [] }
    const full = node.args.filter((a) => !isEmpty(program.nodes[a]!))
    if (full.length === node.args.length) return node
    return node.op._tag === "Concat" ? { ...node, args: full } : { ...node, op: { _tag: "Full", value: 0 }, args: [] }
  })
})
