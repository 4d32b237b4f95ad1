import type { OpTag } from "../../../../core/program/index.ts"
import { Shapes } from "../../../../core/tensor/index.ts"
import type { Rule } from "../Plan.ts"
import { Body } from "./Body.ts"
import { grow } from "./grow.ts"
import { launch } from "./launch.ts"
import { functions } from "./scalars.ts"

/** One shader for an operation on single elements, and for all those before it that only it needs. */
export const map =
  <T extends OpTag>(): Rule<T> =>
  ({ view, id, node }) => {
    const group = grow(view, [id], id)
    const body = new Body(view, group)
    const y = body.value(id, "index")
    const size = Shapes.size(node.shape)
    const lines = [`if (index >= ${size}) { return; }`, ...body.lines, `result[index] = ${y};`]
    return {
      args: group.leaves,
      run: (k, xs) => launch(k, node, xs, { head: functions, body: lines, invocations: size })
    }
  }

/** A tensor under another shape is the same tensor; what leads to it is computed where it is. */
export const reshape: Rule<"Reshape"> = ({ node, view }) => {
  let from = node.args[0]!
  for (let n = view.nodes[from]!; n.op._tag === "Reshape"; n = view.nodes[from]!) from = n.args[0]!
  return { args: [from], run: (k, [x]) => k.share(x!, node.shape) }
}
