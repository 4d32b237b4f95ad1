import type { Shape, Tensor } from "../../../core/tensor/index.ts"
import { type Additions, elementType, type Initializer, type ValueInfo } from "../OnnxModel.ts"
import { type Memory, type Pinned, storage, view } from "./Memory.ts"
import type { Place, Port } from "./protocol.ts"

/** A frozen tensor of memory, and what it is to the model. */
interface Held {
  readonly port: Port
  readonly t: Tensor
}

/** How the frozen tensors of a step reach its session. */
export interface Frozen {
  readonly additions: Additions
  /** What each run is given. */
  readonly inputs: ReadonlyArray<Held>
}

/** Folder of external data, as sessions are told: locations count from the root of the file system. */
export const externalFolder = "/"

/** Whether the engine can map floats that lie there: at an absolute path, and aligned, which a file need not be. */
export const mappable = ({ path, begin }: Place): boolean => path.startsWith("/") && begin % 4 === 0

const info = ({ value, dtype, shape, bytes }: Port): ValueInfo & { readonly shape: Shape } =>
  bytes === undefined ? { name: value, type: elementType[dtype], shape } : { name: value, type: "uint8", shape: bytes }

const initializer = ({ port, t }: Held): Initializer => ({
  ...info(port),
  data: port.bytes === undefined ? (t.data as Float32Array) : storage(t)
})

/**
 * Binds frozen tensors: those in a file are mapped, small ones in memory become part of the model, and the largest are
 * given to each run, which copies nothing; memory may then not change them in place.
 *
 * @param limit bytes that those in the model may have together
 */
export const bindFrozen = (
  [memory, pinned]: readonly [Memory, Pinned],
  ports: ReadonlyArray<Port>,
  { places, limit }: { readonly places: Readonly<Record<string, Place>>; readonly limit: number }
): Frozen => {
  const external = ports.flatMap((port) => {
    const place = places[port.name]
    if (place === undefined) return []
    const location = place.path.slice(externalFolder.length)
    return [{ ...info(port), location, offset: place.begin, length: place.end - place.begin }]
  })
  const held = ports.flatMap(
    (port): ReadonlyArray<Held> => (places[port.name] === undefined ? [{ port, t: view(memory, port) }] : [])
  )
  // Smallest first: quantised weights, whose products need them in the model to be fast, are smaller than tables.
  const sorted = held.toSorted((a, b) => a.t.data.byteLength - b.t.data.byteLength)
  const fits = new Set<Held>()
  let filled = 0
  for (const one of sorted) {
    filled += one.t.data.byteLength
    if (filled <= limit) fits.add(one)
  }
  const inputs = held.filter((one) => !fits.has(one))
  for (const { t } of inputs) pinned.add(t.data.buffer)
  return {
    additions: {
      external,
      initializers: held.filter((one) => fits.has(one)).map(initializer),
      inputs: inputs.map(({ port }) => info(port))
    },
    inputs
  }
}
