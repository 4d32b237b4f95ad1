import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Carry } from "../../core/program/index.ts"
import { type BadFeed, refuseAppend } from "../../core/service/index.ts"
import { Shapes } from "../../core/tensor/index.ts"
import { type Arena, kindOf } from "./Arena.ts"
import type { TfjsMemory } from "./TfjsMemory.ts"

/** Rows of a tensor, as a tensor. */
export const rowsOf = (k: Arena, x: TensorInfo, from: number, to: number): TensorInfo =>
  k.run("Slice", { x }, { begin: x.shape.map((_, i) => (i === 0 ? from : 0)), size: [to - from, ...x.shape.slice(1)] })

/** A tensor with rows replaced from a position on. */
const appended = (k: Arena, held: TensorInfo, rows: TensorInfo, at: number): TensorInfo => {
  if (Shapes.size(rows.shape) === 0) return k.share(held)
  const [n, room] = [rows.shape[0]!, held.shape[0]!]
  const parts = [
    ...(at > 0 ? [rowsOf(k, held, 0, at)] : []),
    rows,
    ...(at + n < room ? [rowsOf(k, held, at + n, room)] : [])
  ]
  return parts.length === 1 ? k.share(rows) : k.run("Concat", parts, { axis: 0 })
}

/** What memory will hold under each name after a run; fails before anything is changed. */
export const carried = (
  k: Arena,
  carry: ReadonlyArray<Carry>,
  outputs: Readonly<Record<string, TensorInfo>>,
  { held }: TfjsMemory,
  at: number
): BadFeed | ReadonlyMap<string, TensorInfo> => {
  const next = new Map<string, TensorInfo>()
  for (const { _tag, output, into } of carry) {
    const [value, before] = [outputs[output]!, next.get(into) ?? held.get(into)]
    const bad = _tag === "Append" ? refuseAppend(into, kindOf(value), before && kindOf(before), at) : undefined
    if (bad !== undefined) return bad
    next.set(into, _tag === "Append" ? appended(k, before!, value, at) : value)
  }
  return next
}
