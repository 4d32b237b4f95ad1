import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Carry } from "../../core/program/index.ts"
import { type BadFeed, refuseAppend } from "../../core/service/index.ts"
import { Shapes } from "../../core/tensor/index.ts"
import { type Arena, kindOf } from "./Arena.ts"
import type { TfjsMemory } from "./TfjsMemory.ts"

/** The first rows of a tensor. */
export const firstRows = (k: Arena, x: TensorInfo, count: number): TensorInfo =>
  k.engine.takesPrefixes === true ? k.share(x, [count, ...x.shape.slice(1)]) : rowsOf(k, x, 0, count)

/** Rows of a tensor, as a tensor. */
const rowsOf = (k: Arena, x: TensorInfo, from: number, to: number): TensorInfo =>
  k.run("Slice", { x }, { begin: x.shape.map((_, i) => (i === 0 ? from : 0)), size: [to - from, ...x.shape.slice(1)] })

/** A tensor with rows replaced from a position on: itself where nobody else has it, else another. */
const appended = (k: Arena, held: TensorInfo, rows: TensorInfo, at: number): TensorInfo => {
  if (Shapes.size(rows.shape) === 0) return k.share(held)
  const { writeRows, backend } = k.engine
  if (writeRows !== undefined && backend.refCount(held.dataId) === 1) {
    writeRows(held, rows, at)
    return k.share(held)
  }
  const [n, room] = [rows.shape[0]!, held.shape[0]!]
  const parts = [
    ...(at > 0 ? [rowsOf(k, held, 0, at)] : []),
    rows,
    ...(at + n < room ? [rowsOf(k, held, at + n, room)] : [])
  ]
  return parts.length === 1 ? k.share(rows) : k.run("Concat", parts, { axis: 0 })
}

/** What memory will hold under each name after a run; fails before anything is changed, rows of memory included. */
export const carried = (
  k: Arena,
  carry: ReadonlyArray<Carry>,
  outputs: Readonly<Record<string, TensorInfo>>,
  { held }: TfjsMemory,
  at: number
): BadFeed | ReadonlyMap<string, TensorInfo> => {
  const kinds = new Map([...held].map(([name, x]) => [name, kindOf(x)]))
  for (const { _tag, output, into } of carry) {
    const kind = kindOf(outputs[output]!)
    const bad = _tag === "Append" ? refuseAppend(into, kind, kinds.get(into), at) : undefined
    if (bad !== undefined) return bad
    if (_tag === "Replace") kinds.set(into, kind)
  }
  // A value may be a tensor of memory, passed through: then it has another owner from here on.
  const values = carry.map(({ output }) => k.share(outputs[output]!))
  const next = new Map<string, TensorInfo>()
  for (const [i, { _tag, into }] of carry.entries()) {
    const value = values[i]!
    next.set(into, _tag === "Append" ? appended(k, next.get(into) ?? held.get(into)!, value, at) : value)
  }
  return next
}
