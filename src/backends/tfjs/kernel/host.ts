import type { TensorInfo } from "@tensorflow/tfjs-core"
import { computeInto, type Value } from "../../../core/kernel/index.ts"
import type { Node } from "../../../core/program/index.ts"
import { Tensors } from "../../../core/tensor/index.ts"
import { kindOf, tfType } from "../Arena.ts"
import type { Core } from "../Engine.ts"

type Elements = Float32Array | Int32Array | Uint8Array

/** How kernels in JavaScript reach the tensors of a backend. */
export interface Host<B> {
  /** The elements of a tensor, not to be written to. */
  readonly values: (backend: B, x: TensorInfo) => Elements
  readonly make: (backend: B, values: Elements, shape: Array<number>, dtype: TensorInfo["dtype"]) => TensorInfo
}

/**
 * Registers the kernel that computes a program's node by the library's own, in single precision, for a backend of
 * TensorFlow.js; once a process.
 */
export const registerHostKernels = <B extends object>(core: Core, backendName: string, host: Host<B>): void => {
  const kernelName = "RewardflowNode"
  if (core.getKernel(kernelName, backendName) !== undefined) return
  core.registerKernel({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { op, shape, dtype } = attrs!["node"] as unknown as Node
      const own = backend as B
      const args = Object.values(inputs).map((x): Value => ({ ...kindOf(x!), data: host.values(own, x!) }))
      const { data } = computeInto(op, args, Tensors.zeros({ shape, dtype }))
      return host.make(own, data as Elements, [...shape], tfType[dtype])
    }
  })
}
