import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Tensor } from "../../core/tensor/index.ts"
import type { Device } from "./Device.ts"

/** A host copy of a tensor on a device. */
export const readTensor = async (device: Device, x: TensorInfo): Promise<Tensor> => {
  const shape = [...x.shape]
  const data = await device.read(x)
  switch (x.dtype) {
    case "float32":
      return { dtype: "f32", shape, data: Float32Array.from(data) }
    case "int32":
      return { dtype: "i32", shape, data: Int32Array.from(data) }
    default:
      return { dtype: "bool", shape, data: Uint8Array.from(data) }
  }
}
