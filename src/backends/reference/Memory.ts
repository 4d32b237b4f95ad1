import { Effect } from "effect"
import { BadFeed, type Feeds, type LinkedTensor, type Links, type Memory } from "../../core/service/index.ts"
import { Shapes, type Tensor } from "../../core/tensor/index.ts"

/** A tensor that shares no storage with the original; floats in double precision. */
export const copied = (t: Tensor): Tensor =>
  t.dtype === "f32"
    ? { dtype: "f32", shape: [...t.shape], data: Float64Array.from(t.data) }
    : t.dtype === "i32"
      ? { dtype: "i32", shape: [...t.shape], data: t.data.slice() }
      : { dtype: "bool", shape: [...t.shape], data: t.data.slice() }

const known = (held: ReadonlyMap<string, Tensor>, name: string): Effect.Effect<Tensor, BadFeed> => {
  const t = held.get(name)
  const names = [...held.keys()].sort().join(", ")
  return t === undefined
    ? Effect.fail(new BadFeed({ name, reason: `memory holds no such tensor; it holds: ${names || "nothing"}.` }))
    : Effect.succeed(t)
}

/** Memory that is a map. Linked tensors are read at their first use, and kept from then on. */
export class ReferenceMemory implements Memory {
  readonly held = new Map<string, Tensor>()
  readonly linked = new Map<string, LinkedTensor>()

  readonly write = (tensors: Feeds) =>
    Effect.suspend(() => {
      for (const [name, t] of Object.entries(tensors)) {
        const size = Shapes.size(t.shape)
        if (t.data.length !== size) {
          const reason = `its shape ${Shapes.print(t.shape)} needs ${size} elements, it has ${t.data.length}.`
          return Effect.fail(new BadFeed({ name, reason }))
        }
      }
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
        Effect.forEach(names, (name) => Effect.map(known(this.held, name), (t) => [name, copied(t)] as const)),
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
