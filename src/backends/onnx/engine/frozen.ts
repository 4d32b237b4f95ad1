import type { Tensor } from "../../../core/tensor/index.ts"
import { type Additions, elementType } from "../OnnxModel.ts"
import { type Memory, type Pinned, view } from "./Memory.ts"
import type { Place, Port } from "./protocol.ts"

/** How the frozen tensors of a step reach its session. */
export interface Frozen {
  readonly additions: Additions
  /** Tensors that each run is given, by their name in the model. */
  readonly inputs: ReadonlyArray<readonly [value: string, tensor: Tensor]>
}

/** More bytes than this are not written into a model: its format ends at 2 GiB, and each session would copy them. */
export const inlineLimit = 2 ** 30

/** Folder of external data, as sessions are told: locations count from the root of the file system. */
export const externalFolder = "/"

/** Whether the engine can map floats that lie there: at an absolute path, and aligned, which a file need not be. */
export const mappable = ({ path, begin }: Place): boolean => path.startsWith("/") && begin % 4 === 0

/**
 * Binds frozen tensors: those in a file are mapped, small ones in memory become part of the model, and large ones are
 * given to each run, which copies nothing; memory may then not change them in place.
 *
 * @param limit bytes up to which tensors in memory count as small
 */
export const bindFrozen = (
  [memory, pinned]: readonly [Memory, Pinned],
  ports: ReadonlyArray<Port>,
  { places, limit = inlineLimit }: { readonly places: Readonly<Record<string, Place>>; readonly limit?: number }
): Frozen => {
  const external = ports.flatMap(({ name, value, dtype, shape }) => {
    const place = places[name]
    if (place === undefined) return []
    const location = place.path.slice(externalFolder.length)
    const at = { location, offset: place.begin, length: place.end - place.begin }
    return [{ name: value, type: elementType[dtype], shape, ...at }]
  })
  const held = ports.filter(({ name }) => places[name] === undefined).map((port) => ({ port, t: view(memory, port) }))
  const inline = held.reduce((bytes, { t }) => bytes + t.data.byteLength, 0) <= limit
  if (!inline) for (const { t } of held) pinned.add(t.data.buffer)
  return {
    additions: {
      external,
      initializers: inline
        ? held.map(({ port, t }) => ({
            name: port.value,
            type: elementType[t.dtype],
            shape: port.shape,
            data: t.data as Float32Array
          }))
        : [],
      inputs: inline
        ? []
        : held.map(({ port, t }) => ({ name: port.value, type: elementType[t.dtype], shape: port.shape }))
    },
    inputs: inline ? [] : held.map(({ port, t }) => [port.value, t] as const)
  }
}
