import type { InferenceSessionFactory, Tensor as OrtTensor, TensorConstructor, TypedTensor } from "onnxruntime-common"
import type { Tensor } from "../../../core/tensor/index.ts"
import { elementType } from "../OnnxModel.ts"
import { storage } from "./Memory.ts"
import type { Port } from "./protocol.ts"

/** As much of ONNX Runtime as an engine uses: `onnxruntime-node`, or `onnxruntime-web` in a page. */
export interface Runtime {
  readonly InferenceSession: InferenceSessionFactory
  readonly Tensor: TensorConstructor
}

/** A tensor as a session takes it; it is not copied. */
export const toOrt = ({ Tensor }: Runtime, { bytes }: Port, t: Tensor): OrtTensor =>
  bytes === undefined
    ? new Tensor(elementType[t.dtype], t.data as never, t.shape)
    : new Tensor("uint8", storage(t), bytes)

/** What a session gave, in this process's memory. */
export const fromOrt = ({ dtype, shape }: Port, t: OrtTensor): Tensor =>
  ({ dtype, shape, data: (t as TypedTensor<"float32">).data }) as Tensor
