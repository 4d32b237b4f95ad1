import type { Tensor } from "../../../core/tensor/index.ts"
import { EngineFailure } from "./Memory.ts"
import type { Answers, Request, Tensors } from "./protocol.ts"

/** A compiled step, bound to a memory. */
export interface Runnable {
  readonly run: (feeds: Tensors, at: number) => Promise<Tensors>
  readonly release: () => Promise<void>
}

/** Where tensors of memory lie, as `H`, and how steps are compiled against them there. */
export interface Keeper<H> {
  /** Takes over a tensor. */
  readonly hold: (t: Tensor) => H
  /** A copy. */
  readonly copy: (held: H) => Tensor | Promise<Tensor>
  /** Memory needs it no longer. */
  readonly free: (held: H) => void
  readonly compile: (memory: Map<string, H>, request: Extract<Request, { _tag: "Compile" }>) => Promise<Runnable>
}

/** The engine's state and the meaning of each request, apart from how requests arrive: one after another. */
export interface Engine {
  readonly handle: (request: Request) => Promise<Answers[keyof Answers]>
}

/** An engine without memories and executables. */
export const make = <H>(keeper: Keeper<H>): Engine => {
  const memories = new Map<number, Map<string, H>>()
  const executables = new Map<number, Runnable>()

  const memoryOf = (id: number): Map<string, H> => {
    const known = memories.get(id)
    if (known !== undefined) return known
    const created = new Map<string, H>()
    memories.set(id, created)
    return created
  }

  const forget = (memory: Map<string, H>, names: Iterable<string>): void => {
    for (const name of names) {
      const held = memory.get(name)
      if (held !== undefined) keeper.free(held)
      memory.delete(name)
    }
  }

  const read = async (memory: Map<string, H>, names: ReadonlyArray<string>): Promise<Tensors> => {
    const copies: Record<string, Tensor> = {}
    for (const name of names) {
      const held = memory.get(name)
      if (held === undefined) throw new EngineFailure({ _tag: "BadFeed", name, reason: "memory does not hold it." })
      copies[name] = await keeper.copy(held)
    }
    return copies
  }

  const handle = async (request: Request): Promise<Answers[keyof Answers]> => {
    switch (request._tag) {
      case "Write": {
        const memory = memoryOf(request.memory)
        forget(memory, Object.keys(request.tensors))
        for (const [name, t] of Object.entries(request.tensors)) memory.set(name, keeper.hold(t))
        return null
      }
      case "Read":
        return read(memoryOf(request.memory), request.names)
      case "Remove":
        forget(memoryOf(request.memory), request.names)
        return null
      case "Names":
        return [...memoryOf(request.memory).keys()].sort()
      case "Drop": {
        const memory = memoryOf(request.memory)
        forget(memory, [...memory.keys()])
        memories.delete(request.memory)
        return null
      }
      case "Compile":
        executables.set(request.executable, await keeper.compile(memoryOf(request.memory), request))
        return null
      case "Run":
        return executables.get(request.executable)!.run(request.feeds, request.at)
      case "Release": {
        const known = executables.get(request.executable)
        executables.delete(request.executable)
        if (known !== undefined) await known.release()
        return null
      }
    }
  }

  return { handle }
}
