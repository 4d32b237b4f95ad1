import type { Spec, Step } from "../program/index.ts"
import { type Kind, Kinds } from "../tensor/index.ts"
import type { CompileOptions, Feeds } from "./Backend.ts"
import { miscounted } from "./checkFeeds.ts"
import { BadFeed, NonFinite } from "./errors.ts"

/** Refuses tensors that memory cannot hold. */
export const refuseWrite = (tensors: Feeds): BadFeed | undefined => {
  for (const [name, t] of Object.entries(tensors)) {
    const reason = miscounted(t)
    if (reason !== undefined) return new BadFeed({ name, reason })
  }
  return undefined
}

/** Says that memory has no tensor of a name, and which it has. */
export const notHeld = (name: string, held: Iterable<string>): BadFeed => {
  const names = [...held].sort().join(", ")
  return new BadFeed({ name, reason: `memory holds no such tensor; it holds: ${names || "nothing"}.` })
}

/** Refuses what memory holds under the name of a resident input: not as the program declares it, nor with more rows. */
export const refuseResident = (name: string, held: Kind | undefined, to: Spec): BadFeed | undefined => {
  if (held !== undefined && Kinds.begins(held, to)) return undefined
  const is = held === undefined ? "memory holds no such tensor" : `in memory it is ${Kinds.show(held)}`
  return new BadFeed({ name, reason: `${is}; the program needs ${Kinds.show(to)}.` })
}

/** Refuses rows that cannot be written at a position of a tensor in memory. */
export const refuseAppend = (into: string, rows: Kind, held: Kind | undefined, at: number): BadFeed | undefined => {
  const reason = held === undefined ? "memory holds no such tensor to append to." : Kinds.misplaced(held, rows, at)
  return reason === undefined ? undefined : new BadFeed({ name: into, reason })
}

/**
 * Refuses state that cannot be compiled: without a memory, in another backend's, or frozen and not resident.
 *
 * @param owns whether the memory given is one of this backend
 */
export const refuseState = (
  step: Step,
  { memory, freeze = [] }: CompileOptions,
  owns: boolean
): BadFeed | undefined => {
  const inputs = new Set(step.program.nodes.flatMap(({ op }) => (op._tag === "Input" ? [op.name] : [])))
  const unknown = step.resident.find((name) => !inputs.has(name))
  if (unknown !== undefined)
    return new BadFeed({ name: unknown, reason: "it is resident, but the program has no such input." })
  const stray = freeze.find((name) => !step.resident.includes(name))
  if (stray !== undefined) return new BadFeed({ name: stray, reason: "only resident inputs can be frozen." })
  const state = step.resident[0] ?? step.carry[0]?.into
  if (owns || (memory === undefined && state === undefined)) return undefined
  const reason =
    memory === undefined
      ? "it lives in memory: pass `memory` to compile."
      : "it cannot live in another backend's memory: pass one that this backend made."
  return new BadFeed({ name: state ?? "memory", reason })
}

/** The first guarded output that is not finite. */
export const refuseNonFinite = ({ guard }: Step, outputs: Feeds): NonFinite | undefined => {
  for (const output of guard) {
    const value = outputs[output]!.data.find((v) => !Number.isFinite(v))
    if (value !== undefined) return new NonFinite({ output, value })
  }
  return undefined
}
