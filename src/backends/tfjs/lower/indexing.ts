import type { OpTag } from "../../../core/program/index.ts"
import type { Rule } from "./Plan.ts"

export const gather: Rule<"Gather"> = ({ node }) => ({
  args: node.args,
  run: (k, args) => {
    const [x, indices] = [args[0]!, args[1]!]
    k.engine.within(k, "Gather", indices, x.shape[0]!)
    return k.run("GatherV2", { x, indices }, { axis: 0, batchDims: 0 })
  }
})

/** What TensorFlow.js has no kernel for, or one that means something else: the library's own, on the host. */
export const onHost: Rule<OpTag> = ({ node }) => ({
  args: node.args,
  run: (k, xs) => k.run("RewardflowNode", xs, { node })
})
