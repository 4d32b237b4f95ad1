import { Effect } from "effect"
import type { Spec } from "../../core/program/index.ts"
import {
  type BackendFailure,
  type BadFeed,
  type Feeds,
  type LinkedTensor,
  type Links,
  type Memory,
  refuseResident,
  refuseWrite
} from "../../core/service/index.ts"
import { Shapes, type Tensor } from "../../core/tensor/index.ts"
import type { Client } from "./engine/Client.ts"
import { mappable } from "./engine/frozen.ts"
import type { Place, Tensors } from "./engine/protocol.ts"

/** The tensor as the engine holds it, in a buffer that can leave this thread. */
const owned = (t: Tensor): Tensor =>
  t.data instanceof Float64Array
    ? { dtype: "f32", shape: t.shape, data: Float32Array.from(t.data) }
    : ({ ...t, data: t.data.slice() } as Tensor)

/** Copies that the engine may keep. */
export const ownedAll = (tensors: Feeds): Tensors =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, owned(t)]))

/** Memory in the engine, and tensors that still lie in files. */
export interface LinkedMemory extends Memory {
  /** Its number in the engine. */
  readonly id: number
  /** Puts what is linked under any of these names into the engine. */
  readonly load: (names: Iterable<string>) => Effect.Effect<void, BackendFailure | BadFeed>
  /** Tensors that the engine can map, of these names; each is as the program declares it, or has more rows. */
  readonly mapped: (specs: Readonly<Record<string, Spec>>) => Effect.Effect<ReadonlyMap<string, LinkedTensor>, BadFeed>
}

/** The rows that a program declares, where they lie. */
export const placeOf = ({ file, begin }: LinkedTensor, { shape }: Spec): Place => ({
  path: file.path,
  begin,
  end: begin + 4 * Shapes.size(shape)
})

/** A memory of an engine. @param refuse tensors that its device could never hold */
export const make = (
  client: Client,
  id: number,
  refuse: (tensors: Feeds) => BackendFailure | undefined
): LinkedMemory => {
  const links = new Map<string, LinkedTensor>()

  const write = (given: Feeds) =>
    Effect.suspend((): Effect.Effect<void, BackendFailure | BadFeed> => {
      const bad = refuseWrite(given) ?? refuse(given)
      if (bad !== undefined) return Effect.fail(bad)
      for (const name of Object.keys(given)) links.delete(name)
      const tensors = ownedAll(given)
      return Effect.asVoid(client.ask({ _tag: "Write", memory: id, tensors }, tensors))
    })

  const load: LinkedMemory["load"] = (names) =>
    Effect.forEach(
      names,
      (name) => {
        const link = links.get(name)
        if (link === undefined) return Effect.void
        // What was written meanwhile counts.
        return Effect.flatMap(link.read, (t) => (links.get(name) === link ? write({ [name]: t }) : Effect.void))
      },
      { discard: true }
    )

  return {
    id,
    write,
    load,
    link: (given: Links) =>
      Effect.suspend(() => {
        for (const [name, link] of Object.entries(given)) links.set(name, link)
        return Effect.asVoid(client.ask({ _tag: "Remove", memory: id, names: Object.keys(given) }))
      }),
    read: (names) =>
      Effect.gen(function* () {
        const linked = names.filter((name) => links.has(name))
        const rest = names.filter((name) => !links.has(name))
        const read = yield* Effect.forEach(linked, (name) =>
          Effect.map(links.get(name)!.read, (t) => [name, t] as const)
        )
        const held = yield* client.ask({ _tag: "Read", memory: id, names: rest })
        return { ...held, ...Object.fromEntries(read) }
      }),
    remove: (names) =>
      Effect.suspend(() => {
        for (const name of names) links.delete(name)
        return Effect.asVoid(client.ask({ _tag: "Remove", memory: id, names }))
      }),
    names: Effect.map(client.ask({ _tag: "Names", memory: id }), (held) => [...held, ...links.keys()].sort()),
    mapped: (specs) =>
      Effect.suspend(() => {
        const found = new Map<string, LinkedTensor>()
        for (const [name, to] of Object.entries(specs)) {
          const link = links.get(name)
          if (link === undefined || link.dtype !== "F32" || !mappable(placeOf(link, to))) continue
          const bad = refuseResident(name, { dtype: "f32", shape: link.shape }, to)
          if (bad !== undefined) return Effect.fail(bad)
          found.set(name, link)
        }
        return Effect.succeed(found)
      })
  }
}
