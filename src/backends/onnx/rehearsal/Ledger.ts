import { DTypes, Shapes, type Tensor } from "../../../core/tensor/index.ts"
import type { Footprint } from "./footprint.ts"

/** Bytes that a process holds for a backend, at its highest. */
export interface Usage {
  /** Tensors in memory. */
  readonly residentBytes: number
  /** Compiled steps: constants, and what their runs need. */
  readonly executableBytes: number
  /** Feeds and results on their way. */
  readonly passingBytes: number
}

/** An account of what is held, which remembers the highest sum. */
export interface Ledger {
  readonly write: (memory: number, tensors: Readonly<Record<string, Pick<Tensor, "shape" | "dtype">>>) => void
  readonly remove: (memory: number, names: ReadonlyArray<string>) => void
  readonly drop: (memory: number) => void
  readonly compiled: (executable: number, footprint: Footprint) => void
  readonly ran: (executable: number, fedBytes: number) => void
  readonly released: (executable: number) => void
  /** The parts of the highest sum so far. */
  readonly highest: () => Usage
}

/**
 * Bytes of results and of gradients that are not collected yet when the next ones arrive: those of two runs are there at
 * once, beside the engine's own.
 */
const GENERATIONS = 2

export const bytesOf = ({ shape, dtype }: Pick<Tensor, "shape" | "dtype">): number =>
  Shapes.size(shape) * DTypes.bytes[dtype]

const sum = (xs: Iterable<number>): number => {
  let all = 0
  for (const x of xs) all += x
  return all
}

export const total = ({ residentBytes, executableBytes, passingBytes }: Usage): number =>
  residentBytes + executableBytes + passingBytes

/** An account with nothing on it. */
export const make = (): Ledger => {
  const memories = new Map<number, Map<string, number>>()
  const executables = new Map<number, { readonly footprint: Footprint; bytes: number }>()
  let highest: Usage = { residentBytes: 0, executableBytes: 0, passingBytes: 0 }

  const note = (passingBytes: number): void => {
    const now: Usage = {
      residentBytes: sum([...memories.values()].map((held) => sum(held.values()))),
      executableBytes: sum([...executables.values()].map(({ bytes }) => bytes)),
      passingBytes
    }
    if (total(now) > total(highest)) highest = now
  }
  const heldIn = (memory: number): Map<string, number> => {
    const known = memories.get(memory) ?? new Map<string, number>()
    memories.set(memory, known)
    return known
  }

  return {
    write: (memory, tensors) => {
      const held = heldIn(memory)
      for (const [name, tensor] of Object.entries(tensors)) held.set(name, bytesOf(tensor))
      note(0)
    },
    remove: (memory, names) => {
      for (const name of names) heldIn(memory).delete(name)
    },
    drop: (memory) => void memories.delete(memory),
    compiled: (executable, footprint) => {
      executables.set(executable, { footprint, bytes: footprint.constantBytes })
      note(0)
    },
    ran: (executable, fedBytes) => {
      const entry = executables.get(executable)!
      const { footprint } = entry
      // What a run needed the engine keeps for the next.
      entry.bytes = footprint.constantBytes + footprint.workingBytes
      note(fedBytes + GENERATIONS * footprint.returnedBytes)
    },
    released: (executable) => void executables.delete(executable),
    highest: () => highest
  }
}
