import type { TensorInfo } from "@tensorflow/tfjs-core"
import { Effect } from "effect"
import {
  type BackendFailure,
  type BadFeed,
  type Feeds,
  type LinkedTensor,
  type Links,
  type Memory,
  notHeld,
  refuseWrite
} from "../../core/service/index.ts"
import { Shapes, type Tensor } from "../../core/tensor/index.ts"
import { Arena } from "./Arena.ts"
import type { Device } from "./Device.ts"
import { BufferTooLarge, failure, OutOfDeviceMemory } from "./errors.ts"
import { readTensor } from "./readTensor.ts"

/** Of a tensor on the device, where elements of every dtype take as much. */
const bytesOf = ({ shape }: Tensor): number => 4 * Shapes.size(shape)

/** Named tensors on a device, and tensors that still lie in files. */
export class TfjsMemory implements Memory {
  readonly device: Device
  readonly held = new Map<string, TensorInfo>()
  readonly linked = new Map<string, LinkedTensor>()
  readonly arena: Arena
  readonly #alone: <A, E>(work: Effect.Effect<A, E>) => Effect.Effect<A, E>

  /** @param alone runs work while no other work runs on the device */
  constructor(device: Device, alone: <A, E>(work: Effect.Effect<A, E>) => Effect.Effect<A, E>) {
    this.device = device
    this.arena = new Arena(device)
    this.#alone = alone
  }

  /** Puts tensors of this device under names; the memory keeps handles of its own. */
  put(tensors: ReadonlyMap<string, TensorInfo>): void {
    // All are taken before any is let go of: one may have been the memory's only.
    const taken = [...tensors].map(([name, x]) => [name, this.arena.share(x)] as const)
    for (const [name, x] of taken) {
      const before = this.held.get(name)
      this.held.set(name, x)
      if (before !== undefined) this.arena.release(before)
    }
  }

  /** Why the device cannot take these tensors, if it is known before they are sent. */
  #refused(tensors: Feeds, bytes: number): BadFeed | BackendFailure | undefined {
    const bad = refuseWrite(tensors)
    if (bad !== undefined) return bad
    const limit = this.device.tensorBytes
    const large = Object.entries(tensors).find(([, t]) => bytesOf(t) > limit)
    const available = this.device.free()
    const cause =
      this.device.lost() ??
      (large && new BufferTooLarge({ what: large[0], bytes: bytesOf(large[1]), limit })) ??
      (available !== undefined && bytes > available
        ? new OutOfDeviceMemory({ predicted: bytes, available })
        : undefined)
    return cause && failure(this.device.name, "write", cause)
  }

  readonly #store = (tensors: Feeds): Effect.Effect<void, BackendFailure | BadFeed> =>
    Effect.suspend((): Effect.Effect<void, BackendFailure | BadFeed> => {
      const bytes = Object.values(tensors).reduce((sum, t) => sum + bytesOf(t), 0)
      const refused = this.#refused(tensors, bytes)
      if (refused !== undefined) return Effect.fail(refused)
      const k = new Arena(this.device)
      return Effect.tryPromise({
        try: async () => {
          const end = this.device.begin(bytes)
          try {
            const made = new Map(Object.entries(tensors).map(([name, t]) => [name, k.make(t)]))
            await end()
            this.put(made)
            for (const name of made.keys()) this.linked.delete(name)
          } finally {
            await end().finally(() => k.close())
          }
        },
        catch: (cause) => failure(this.device.name, "write", cause)
      }).pipe(Effect.uninterruptible)
    })

  readonly write = (tensors: Feeds) => this.#alone(this.#store(tensors))

  readonly link = (links: Links) =>
    Effect.sync(() => {
      for (const [name, link] of Object.entries(links)) {
        this.#drop(name)
        this.linked.set(name, link)
      }
    })

  /** Reads what is linked under any of these names; for work that runs alone already. */
  readonly load = (names: Iterable<string>) =>
    Effect.forEach(
      [...names],
      (name) => {
        const link = this.linked.get(name)
        return link === undefined ? Effect.void : Effect.flatMap(link.read, (t) => this.#store({ [name]: t }))
      },
      { discard: true }
    )

  readonly #copy = (name: string): Effect.Effect<readonly [string, Tensor], BackendFailure | BadFeed> => {
    const x = this.held.get(name)
    if (x === undefined) return Effect.fail(notHeld(name, this.held.keys()))
    const lost = this.device.lost()
    if (lost !== undefined) return Effect.fail(failure(this.device.name, "read", lost))
    return Effect.tryPromise({
      try: async () => [name, await readTensor(this.device, x)] as const,
      catch: (cause) => failure(this.device.name, "read", cause)
    })
  }

  readonly read = (names: ReadonlyArray<string>) =>
    this.#alone(
      Effect.uninterruptible(
        Effect.andThen(
          this.load(names),
          Effect.map(Effect.forEach(names, this.#copy), (entries) => Object.fromEntries(entries))
        )
      )
    )

  #drop(name: string): void {
    const x = this.held.get(name)
    if (x !== undefined) this.arena.release(x)
    this.held.delete(name)
    this.linked.delete(name)
  }

  readonly remove = (names: ReadonlyArray<string>) =>
    this.#alone(Effect.sync(() => names.forEach((name) => void this.#drop(name))))

  readonly names = Effect.sync(() => [...this.held.keys(), ...this.linked.keys()].sort())

  /** Releases everything. */
  close(): void {
    this.held.clear()
    this.linked.clear()
    this.arena.close()
  }
}
