import type { Rule } from "./Plan.ts"

export const gather: Rule<"Gather"> = ({ node }) => ({
  args: node.args,
  run: (k, args) => {
    const [x, indices] = [args[0]!, args[1]!]
    k.engine.within(k, "Gather", indices, x.shape[0]!)
    return k.run("GatherV2", { x, indices }, { axis: 0, batchDims: 0 })
  }
})

export const gatherElements: Rule<"GatherElements"> = ({ node }) => ({
  args: node.args,
  run: (k, args) => {
    const [x, ids] = [args[0]!, args[1]!]
    k.engine.within(k, "GatherElements", ids, x.shape[x.shape.length - 1]!)
    return k.run("RewardflowGatherElements", { x, ids })
  }
})

export const scatterRows: Rule<"ScatterRows"> = ({ node, op }) => ({
  args: node.args,
  run: (k, args) => {
    const [ids, updates] = [args[0]!, args[1]!]
    k.engine.within(k, "ScatterRows", ids, op.rows)
    return k.run("RewardflowScatterRows", { ids, updates }, { rows: op.rows })
  }
})

export const scatterElements: Rule<"ScatterElements"> = ({ node, op }) => ({
  args: node.args,
  run: (k, args) => {
    const [ids, updates] = [args[0]!, args[1]!]
    k.engine.within(k, "ScatterElements", ids, op.size)
    return k.run("RewardflowScatterElements", { ids, updates }, { size: op.size })
  }
})
