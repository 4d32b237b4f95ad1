import { keepsOrder } from "../../../core/lowering/index.ts"
import type { Rule } from "./Plan.ts"

export const reshape: Rule<"Reshape"> = ({ node }) => ({
  args: node.args,
  run: (k, [x]) => k.run("Reshape", { x: x! }, { shape: [...node.shape] })
})

export const transpose: Rule<"Transpose"> = ({ view, node, op }) => {
  const inOrder = keepsOrder(view.nodes[node.args[0]!]!.shape, op.perm)
  return {
    args: node.args,
    run: (k, [x]) =>
      inOrder
        ? k.run("Reshape", { x: x! }, { shape: [...node.shape] })
        : k.run("Transpose", { x: x! }, { perm: [...op.perm] })
  }
}

export const concat: Rule<"Concat"> = ({ node, op }) => ({
  args: node.args,
  run: (k, parts) => (parts.length === 1 ? k.share(parts[0]!) : k.run("Concat", parts, { axis: op.axis }))
})

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
