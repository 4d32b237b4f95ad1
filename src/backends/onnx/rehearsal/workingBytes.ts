import type { OpTag, Program } from "../../../core/program/index.ts"
import { Liveness } from "../../../core/transform/index.ts"

const { bytes, isSource, storage } = Liveness

/** Operations whose kernel may write into an operand that nothing else needs. */
const inPlace: ReadonlySet<OpTag> = new Set<OpTag>([
  ...(["Neg", "Exp", "Log", "Sqrt", "Reciprocal", "Tanh", "Sigmoid", "Erf", "Abs", "Relu", "Clip"] as const),
  ...(["Add", "Sub", "Mul", "Div", "Softmax", "LogSoftmax"] as const)
])

/** A buffer from its first to its last use, as positions of nodes. */
interface Buffer {
  readonly size: number
  readonly from: number
  to: number
  /** Results in it that are still to be read. */
  pending: number
}

const highest = (buffers: ReadonlyArray<Buffer>, length: number): number => {
  const change = new Float64Array(length + 2)
  for (const { size, from, to } of buffers) {
    change[from]! += size
    change[to + 1]! -= size
  }
  let alive = 0
  let most = 0
  for (const difference of change) {
    alive += difference
    most = Math.max(most, alive)
  }
  return most
}

/**
 * Largest sum of buffers that ONNX Runtime holds at once in a run of a program whose nodes are in the order in which it
 * runs them, outputs included; inputs and constants apart.
 *
 * It plans buffers before it runs (`AllocationPlanner`): a result goes into an operand's buffer where the kernel allows,
 * else into the buffer of equal size that fell free last, else into a new one. A buffer that will be used again is held
 * in between: that is what comes on top of what is alive.
 */
export const workingBytes = (program: Program): number => {
  const { nodes, outputs } = program
  const roots = storage(program)
  const readers = nodes.map(() => 0)
  const operands = nodes.map(({ args }) => [...new Set(args.map((a) => roots[a]!))].filter((a) => !isSource(nodes[a]!)))
  const isView = (id: number): boolean => roots[id] !== id
  for (const id of nodes.keys()) if (!isView(id)) for (const a of operands[id]!) readers[a]! += 1
  const kept = new Set(outputs.map(({ node }) => roots[node]!))
  const buffers: Array<Buffer> = []
  const of: Array<Buffer | undefined> = nodes.map(() => undefined)
  const free = new Map<number, Array<Buffer>>()

  const opened = (size: number, from: number, to: number): Buffer => {
    const buffer: Buffer = { size, from, to, pending: 1 }
    buffers.push(buffer)
    return buffer
  }
  const placeFor = (id: number): Buffer => {
    const size = bytes(nodes[id]!)
    if (kept.has(id)) return opened(size, id, nodes.length)
    const takes = (a: number): boolean =>
      readers[a] === 1 && !kept.has(a) && of[a]!.pending === 1 && bytes(nodes[a]!) === size
    const operand = inPlace.has(nodes[id]!.op._tag) ? operands[id]!.find(takes) : undefined
    const again = operand === undefined ? free.get(size)?.pop() : of[operand]
    if (again === undefined) return opened(size, id, id)
    again.pending += 1
    again.to = id
    return again
  }

  for (const id of nodes.keys()) {
    if (isSource(nodes[id]!) || isView(id)) continue
    of[id] = placeFor(id)
    for (const a of operands[id]!) {
      if (kept.has(a)) continue
      const buffer = of[a]!
      buffer.to = Math.max(buffer.to, id)
      readers[a]! -= 1
      if (readers[a] === 0 && --buffer.pending === 0) free.set(buffer.size, [...(free.get(buffer.size) ?? []), buffer])
    }
  }
  return highest(buffers, nodes.length)
}
