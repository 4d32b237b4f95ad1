import { Shapes } from "../../../core/tensor/index.ts"
import type { Rule } from "./Plan.ts"

export const reshape: Rule<"Reshape"> = ({ node }) => ({
  args: node.args,
  run: (k, [x]) => k.run("Reshape", { x: x! }, { shape: [...node.shape] })
})

/** A transposition that only moves axes of size 1 keeps the order in memory. */
export const transpose: Rule<"Transpose"> = ({ view, node, op }) => {
  const before = view.nodes[node.args[0]!]!.shape
  const moved = op.perm.filter((p) => before[p] !== 1)
  const inOrder = moved.every((p, i) => i === 0 || moved[i - 1]! < p)
  return {
    args: node.args,
    run: (k, [x]) =>
      inOrder
        ? k.run("Reshape", { x: x! }, { shape: [...node.shape] })
        : k.run("Transpose", { x: x! }, { perm: [...op.perm] })
  }
}

/** Empty parts add nothing, and some kernels refuse them. */
export const concat: Rule<"Concat"> = ({ view, node, op }) => {
  const args = node.args.filter((a) => Shapes.size(view.nodes[a]!.shape) > 0)
  return {
    args,
    run: (k, parts) => (parts.length === 1 ? k.share(parts[0]!) : k.run("Concat", parts, { axis: op.axis }))
  }
}

export const slice: Rule<"Slice"> = ({ node, op }) => ({
  args: node.args,
  run: (k, [x]) =>
    k.run(
      "Slice",
      { x: x! },
      { begin: node.shape.map((_, axis) => (axis === op.axis ? op.start : 0)), size: [...node.shape] }
    )
})

export const pad: Rule<"Pad"> = ({ node, op }) => ({
  args: node.args,
  run: (k, [x]) => {
    const paddings = node.shape.map((_, axis) => (axis === op.axis ? [op.before, op.after] : [0, 0]))
    return k.run("PadV2", { x: x! }, { paddings, constantValue: 0 })
  }
})
