import { Effect } from "effect"
import {
  type Feeds,
  type LinkedTensor,
  type Links,
  type Memory,
  notHeld,
  refuseWrite
} from "../../core/service/index.ts"
import type { Tensor } from "../../core/tensor/index.ts"

/** A tensor that shares no storage with the original; floats in double precision. */
export const copied = (t: Tensor): Tensor =>
  t.dtype === "f32"
    ? { dtype: "f32", shape: [...t.shape], data: Float64Array.from(t.data) }
    : t.dtype === "i32"
      ? { dtype: "i32", shape: [...t.shape], data: t.data.slice() }
      : { dtype: "bool", shape: [...t.shape], data: t.data.slice() }

/** Memory that is a map. Linked tensors are read at their first use, and kept from then on. */
export class ReferenceMemory implements Memory {
  readonly held = new Map<string, Tensor>()
  readonly linked = new Map<string, LinkedTensor>()

  readonly write = (tensors: Feeds) =>
    Effect.suspend(() => {
      const bad = refuseWrite(tensors)
      if (bad !== undefined) return Effect.fail(bad)
      for (const [name, t] of Object.entries(tensors)) {
        this.held.set(name, copied(t))
        this.linked.delete(name)
      }
      return Effect.void
    })

  readonly link = (links: Links) =>
    Effect.sync(() => {
      for (const [name, link] of Object.entries(links)) {
        this.linked.set(name, link)
        this.held.delete(name)
      }
    })

  /** Reads what is linked under any of these names. */
  readonly load = (names: ReadonlyArray<string>) =>
    Effect.forEach(
      names,
      (name) => {
        const link = this.linked.get(name)
        return link === undefined ? Effect.void : Effect.flatMap(link.read, (tensor) => this.write({ [name]: tensor }))
      },
      { discard: true }
    )

  readonly read = (names: ReadonlyArray<string>) =>
    Effect.andThen(
      this.load(names),
      Effect.map(
        Effect.forEach(names, (name) => {
          const t = this.held.get(name)
          return t === undefined
            ? Effect.fail(notHeld(name, this.held.keys()))
            : Effect.succeed([name, copied(t)] as const)
        }),
        (entries) => Object.fromEntries(entries)
      )
    )

  readonly remove = (names: ReadonlyArray<string>) =>
    Effect.sync(() => {
      for (const name of names) {
        this.held.delete(name)
        this.linked.delete(name)
      }
    })

  readonly names = Effect.sync(() => [...this.held.keys(), ...this.linked.keys()].sort())
}

/** The memory, if this backend made it. */
export const own = (memory: Memory): ReferenceMemory | undefined =>
  memory instanceof ReferenceMemory ? memory : undefined
