import type { Tensor as OrtTensor } from "onnxruntime-common"
import type { Kind, Tensor } from "../../../../core/tensor/index.ts"
import { copy } from "../Memory.ts"
import type { Movements } from "./movements.ts"

/** A tensor of memory: in this process until a run needs it, from then on the device. */
export interface Held extends Kind {
  place: { readonly host: Tensor } | { readonly device: OrtTensor }
  /** Names of memory, and executables, that have it. */
  owners: number
}

/** A tensor that one name or executable has. */
export const make = ({ dtype, shape }: Kind, place: Held["place"]): Held => ({ dtype, shape, place, owners: 1 })

/** One owner fewer; with the last one the device's memory goes. */
export const free = (held: Held): void => {
  held.owners -= 1
  if (held.owners === 0 && "device" in held.place) held.place.device.dispose()
}

/** Booleans have no place on the device. */
export const movable = ({ dtype }: Kind): boolean => dtype !== "bool"

/** The tensor on the device, where it stays. */
export const onto = async (movements: Movements, held: Held): Promise<OrtTensor> => {
  if ("host" in held.place) held.place = { device: await movements.upload(held.place.host) }
  return held.place.device
}

/** A copy in this process. */
export const read = async (movements: Movements, held: Held): Promise<Tensor> =>
  "host" in held.place ? copy(held.place.host) : movements.download(held.place.device, held.dtype)
