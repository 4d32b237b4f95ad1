import type { Tensor } from "../../../core/tensor/index.ts"
import { type Shape, Shapes } from "../../../core/tensor/index.ts"
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

const sameRow = (a: Shape, b: Shape): boolean => a.length === b.length && Shapes.equal(a.slice(1), b.slice(1))

/** Elements of one row of axis 0. */
const rowSize = (shape: Shape): number => Shapes.size(shape.slice(1))

/** What a tensor is, wherever its elements lie. */
export type Kind = Pick<Tensor, "dtype" | "shape">

/** What memory holds under the name of a resident input; refuses what is not as the program declares it, or has fewer rows. */
export const resident = <H extends Kind>(memory: ReadonlyMap<string, H>, { name, dtype, shape }: Port): H => {
  const held = memory.get(name)
  if (held === undefined) throw badFeed(name, "is resident but memory does not hold it; write it first.")
  const fits =
    held.dtype === dtype &&
    (Shapes.equal(held.shape, shape) || (shape.length > 0 && sameRow(held.shape, shape) && held.shape[0]! >= shape[0]!))
  if (!fits) {
    throw badFeed(
      name,
      `memory holds ${held.dtype}${Shapes.print(held.shape)} but the program reads ${dtype}${Shapes.print(shape)}.`
    )
  }
  return held
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
  if (held === undefined) throw badFeed(into, "receives rows but memory does not hold it; write it at full size first.")
  if (held.dtype !== rows.dtype || !sameRow(held.shape, rows.shape)) {
    throw badFeed(
      into,
      `memory holds ${held.dtype}${Shapes.print(held.shape)} but the program appends ${rows.dtype}${Shapes.print(rows.shape)}.`
    )
  }
  if (!(Number.isInteger(at) && at >= 0 && at + rows.shape[0]! <= held.shape[0]!)) {
    throw badFeed(into, `has ${held.shape[0]} rows; rows ${at} to ${at + rows.shape[0]!} do not fit.`)
  }
}

/** Writes rows in place. */
export const append = (held: Tensor, rows: Tensor, at: number): void =>
  held.data.set(rows.data, at * rowSize(held.shape))

/** The bytes of a tensor, without copying them. */
export const storage = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

/** A copy of a tensor, with a buffer of its own. */
export const copy = (t: Tensor): Tensor => ({ ...t, data: t.data.slice() }) as Tensor
