import type { Spec, Step } from "../../core/program/index.ts"
import { BadFeed, type Feeds } from "../../core/service/index.ts"
import { Shapes, type Tensor } from "../../core/tensor/index.ts"

const typed = (x: Spec): string => `${x.dtype}${Shapes.print(x.shape)}`

/** Why a tensor cannot be this input, if it cannot. */
const misfit = (t: Tensor, to: Spec): string | undefined => {
  if (t.dtype !== to.dtype || !Shapes.equal(t.shape, to.shape))
    return `it is ${typed(t)}, the program needs ${typed(to)}.`
  const size = Shapes.size(t.shape)
  return t.data.length === size
    ? undefined
    : `its shape ${Shapes.print(t.shape)} needs ${size} elements, it has ${t.data.length}.`
}

/** Checks that feeds are exactly the inputs that the caller must give, each with its type. */
export const refuseFeeds = (
  feeds: Feeds,
  inputs: Readonly<Record<string, Spec>>,
  resident: ReadonlyArray<string>
): BadFeed | undefined => {
  for (const [name, to] of Object.entries(inputs)) {
    if (resident.includes(name)) continue
    const t = feeds[name]
    const reason = t === undefined ? `it is missing; the program needs ${typed(to)}.` : misfit(t, to)
    if (reason !== undefined) return new BadFeed({ name, reason })
  }
  for (const name of Object.keys(feeds)) {
    if (resident.includes(name)) return new BadFeed({ name, reason: "it is resident: write it to memory instead." })
    if (inputs[name] === undefined) {
      const names = Object.keys(inputs).filter((n) => !resident.includes(n))
      return new BadFeed({ name, reason: `the program has no such input; it has: ${names.join(", ") || "none"}.` })
    }
  }
  return undefined
}

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
