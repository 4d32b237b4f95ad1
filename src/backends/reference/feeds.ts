import type { Spec, Step } from "../../core/program/index.ts"
import { BadFeed, misfit } from "../../core/service/index.ts"
import { Shapes, type Tensor } from "../../core/tensor/index.ts"

const typed = (x: Spec): string => `${x.dtype}${Shapes.print(x.shape)}`

/** The first rows of a tensor, sharing its storage. */
const rowsOf = (t: Tensor, shape: Tensor["shape"]): Tensor =>
  ({ dtype: t.dtype, shape, data: t.data.subarray(0, Shapes.size(shape)) }) as Tensor

/** The part of a resident tensor that the program sees: as many rows as the input declares. */
export const residentInput = (name: string, t: Tensor | undefined, to: Spec): Tensor | BadFeed => {
  if (t === undefined)
    return new BadFeed({ name, reason: `memory holds no such tensor; the program needs ${typed(to)}.` })
  if (t.shape.length > 0 && t.shape.length === to.shape.length && t.shape[0]! > to.shape[0]!) {
    const prefix = rowsOf(t, [to.shape[0]!, ...t.shape.slice(1)])
    return residentInput(name, prefix, to)
  }
  const reason = misfit(t, to)
  return reason === undefined ? t : new BadFeed({ name, reason: `in memory ${reason}` })
}

/** Why rows cannot be written at a position of a tensor in memory, if they cannot. */
export const refuseAppend = (into: string, rows: Tensor, held: Tensor | undefined, at: number): BadFeed | undefined => {
  if (held === undefined) return new BadFeed({ name: into, reason: "memory holds no such tensor to append to." })
  const [n, room] = [rows.shape[0] ?? 0, held.shape[0] ?? 0]
  if (held.dtype !== rows.dtype || rows.shape.length === 0 || !Shapes.equal(held.shape.slice(1), rows.shape.slice(1))) {
    return new BadFeed({ name: into, reason: `rows of ${typed(rows)} do not fit ${typed(held)}.` })
  }
  if (!Number.isInteger(at) || at < 0 || at + n > room) {
    return new BadFeed({ name: into, reason: `rows ${at} to ${at + n} are outside its ${room} rows.` })
  }
  return undefined
}

/** Resident or frozen names that the program does not have. */
export const refuseNames = (step: Step, inputs: Readonly<Record<string, Spec>>, freeze: ReadonlyArray<string>) => {
  for (const name of step.resident) {
    if (inputs[name] === undefined)
      return new BadFeed({ name, reason: "it is resident, but the program has no such input." })
  }
  for (const name of freeze) {
    if (!step.resident.includes(name)) return new BadFeed({ name, reason: "only resident inputs can be frozen." })
  }
  return undefined
}
