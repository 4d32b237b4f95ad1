import type { Tensor } from "../../../core/tensor/index.ts"
import { type Kind, Kinds, Shapes } from "../../../core/tensor/index.ts"
import type { Failure, Port } from "./protocol.ts"

/** Named tensors of one memory. The engine owns their buffers. */
export type Memory = Map<string, Tensor>

/** Buffers that an executable goes on reading: memory may forget them, never change them. */
export type Pinned = WeakSet<object>

/** A tensor of memory whose elements may be changed in place. */
export const writable = (memory: Memory, pinned: Pinned, name: string): Tensor => {
  const held = memory.get(name)!
  if (!pinned.has(held.data.buffer)) return held
  const own = copy(held)
  memory.set(name, own)
  return own
}

/** Thrown inside the engine, sent to the main thread as data. */
export class EngineFailure extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure._tag)
    this.failure = failure
  }
}

const badFeed = (name: string, reason: string): EngineFailure => new EngineFailure({ _tag: "BadFeed", name, reason })

/** What memory holds under the name of a resident input; refuses what is not as the program declares it, or has fewer rows. */
export const resident = <H extends Kind>(memory: ReadonlyMap<string, H>, port: Port): H => {
  const held = memory.get(port.name)
  if (held === undefined) throw badFeed(port.name, "it is resident, but memory does not hold it; write it first.")
  if (Kinds.begins(held, port)) return held
  throw badFeed(port.name, `in memory it is ${Kinds.show(held)}; the program needs ${Kinds.show(port)}.`)
}

/** The first rows of a resident tensor as the program declares them: a view, not a copy. */
export const view = (memory: Memory, port: Port): Tensor => {
  const held = resident(memory, port)
  const size = Shapes.size(port.shape)
  if (held.data.length === size) return held
  return { dtype: port.dtype, shape: port.shape, data: held.data.subarray(0, size) } as Tensor
}

/** Refuses rows that would not fit, before anything runs. */
export const checkAppend = (
  held: Kind | undefined,
  into: string,
  [rows, at]: readonly [rows: Kind, at: number]
): void => {
  if (held === undefined)
    throw badFeed(into, "it receives rows, but memory does not hold it; write it at full size first.")
  const reason = Kinds.misplaced(held, rows, at)
  if (reason !== undefined) throw badFeed(into, reason)
}

/** Writes rows in place. */
export const append = (held: Tensor, rows: Tensor, at: number): void =>
  held.data.set(rows.data, at * Shapes.size(held.shape.slice(1)))

/** The bytes of a tensor, without copying them. */
export const storage = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** A copy of a tensor, with a buffer of its own. */
export const copy = (t: Tensor): Tensor => ({ ...t, data: t.data.slice() }) as Tensor
