import { type Program, Programs } from "../program/index.ts"
import { bytes, isSource, peakLiveBytes, storage } from "./liveness.ts"

/** For each stored result, how many nodes have yet to read it; outputs are read to the end. */
const readersOf = (program: Program, roots: ReadonlyArray<number>): Array<number> => {
  const readers = program.nodes.map(() => 0)
  for (const { args, op } of program.nodes) {
    if (op._tag !== "Reshape") for (const root of new Set(args.map((a) => roots[a]!))) readers[root]! += 1
  }
  for (const { node } of program.outputs) readers[roots[node]!] = Number.POSITIVE_INFINITY
  return readers
}

/** An order of the nodes in which each time the one is next, of those that can be, that adds least to what is alive. */
const greedy = (program: Program): ReadonlyArray<number> => {
  const { nodes } = program
  const roots = storage(program)
  const readers = readersOf(program, roots)
  const users = Programs.users(program)
  const waiting = nodes.map(({ args }) => new Set(args).size)
  const reads = nodes.map(({ args }) => [...new Set(args.map((a) => roots[a]!))])
  const added = (id: number): number => {
    const node = nodes[id]!
    // A view costs nothing and lets others go on.
    if (isSource(node) || node.op._tag === "Reshape") return Number.NEGATIVE_INFINITY
    return reads[id]!.reduce(
      (sum, root) => (readers[root] === 1 && !isSource(nodes[root]!) ? sum - bytes(nodes[root]!) : sum),
      bytes(node)
    )
  }
  // What differs by less than this is equal: a few bytes must not decide which of two large tensors comes first.
  const unit = Math.max(1, ...nodes.map((n) => (isSource(n) ? 0 : bytes(n)))) / 64
  const ready = new Set(nodes.flatMap((_, id) => (waiting[id] === 0 ? [id] : [])))
  const order: Array<number> = []
  while (ready.size > 0) {
    let best = -1
    let least = Number.POSITIVE_INFINITY
    for (const id of ready) {
      const sum = Math.round(added(id) / unit)
      // Of equals the one that could run last, which goes on with what is being worked at.
      if (sum <= least) [best, least] = [id, sum]
    }
    ready.delete(best)
    order.push(best)
    if (nodes[best]!.op._tag !== "Reshape") for (const root of reads[best]!) readers[root]! -= 1
    for (const user of users[best]!) if (--waiting[user]! === 0) ready.add(user)
  }
  return order
}

/** The same nodes in another order, operands before users. */
const permuted = ({ nodes, outputs }: Program, order: ReadonlyArray<number>): Program => {
  const at = new Array<number>(nodes.length)
  for (const [position, id] of order.entries()) at[id] = position
  return {
    nodes: order.map((id) => ({ ...nodes[id]!, args: nodes[id]!.args.map((a) => at[a]!) })),
    outputs: outputs.map(({ name, node }) => ({ name, node: at[node]! }))
  }
}

/**
 * The same program with its nodes in an order that keeps less alive, never more: as soon as a node frees more than it
 * takes (the gradient of a weight frees an activation) it runs. Nothing else changes.
 *
 * A greedy search, O(nodes · ready nodes); for backends that run nodes as they are listed, and before a cost is read.
 */
export const schedule = (program: Program): Program => {
  const better = permuted(program, greedy(program))
  return peakLiveBytes(better) < peakLiveBytes(program) ? better : program
}
