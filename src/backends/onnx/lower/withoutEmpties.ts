import type { Node, Op, Program } from "../../../core/program/index.ts"
import { Shapes, type Tensor } from "../../../core/tensor/index.ts"

const isEmpty = ({ shape }: Node): boolean => Shapes.size(shape) === 0

/** The empty tensor of a node. */
const nothing = ({ dtype, shape }: Node): Tensor => {
  switch (dtype) {
    case "f32":
      return { dtype, shape, data: new Float32Array(0) }
    case "i32":
      return { dtype, shape, data: new Int32Array(0) }
    case "bool":
      return { dtype, shape, data: new Uint8Array(0) }
  }
}

/** What every element of an operation on an empty operand is. */
const neutral = (op: Op): number => (op._tag === "ReduceMax" ? Number.NEGATIVE_INFINITY : 0)

/**
 * The same program, in which no operation reads or makes a tensor without elements, inputs and outputs apart: for providers
 * whose kernels end the process there. A sum over nothing is zero, a maximum minus infinity, and a join needs no empty part.
 */
export const withoutEmpties = (program: Program): Program => ({
  ...program,
  nodes: program.nodes.map((node): Node => {
    if (node.op._tag === "Input" || node.op._tag === "Constant") return node
    if (isEmpty(node)) return { ...node, op: { _tag: "Constant", tensor: nothing(node) }, args: [] }
    const full = node.args.filter((a) => !isEmpty(program.nodes[a]!))
    if (full.length === node.args.length) return node
    return node.op._tag === "Concat"
      ? { ...node, args: full }
      : { ...node, op: { _tag: "Full", value: neutral(node.op) }, args: [] }
  })
})
