import type { Attribute, TensorInfo } from "@tensorflow/tfjs-core"
import type { DType, Kind, Shape, Tensor } from "../../core/tensor/index.ts"
import type { Attributes, Engine, Inputs, Kernels } from "./Engine.ts"

type TfType = "float32" | "int32" | "bool"

/** The dtypes of TensorFlow.js under ours. */
export const tfType: { readonly [D in DType]: TfType } = { f32: "float32", i32: "int32", bool: "bool" }

/** What a tensor is, in our words. */
export const kindOf = ({ dtype, shape }: TensorInfo): Kind => ({
  dtype: dtype === "float32" ? "f32" : dtype === "int32" ? "i32" : "bool",
  shape
})

const storage = (t: Tensor): Float32Array | Int32Array | Uint8Array =>
  t.dtype === "f32" ? Float32Array.from(t.data) : t.data.slice()

/**
 * The tensors that a piece of work has made and not yet given away. Each handle counts as one reference of its data;
 * what is left is released with the arena, whether the work succeeded, failed or was interrupted.
 */
export class Arena implements Kernels {
  readonly engine: Engine
  readonly checks: Array<() => Promise<void>> = []
  readonly known = new WeakMap<object, ArrayLike<number>>()
  readonly #owned = new Set<TensorInfo>()
  /** Handles that came since the innermost `within` began. */
  #recent: Array<TensorInfo> | undefined

  constructor(engine: Engine) {
    this.engine = engine
  }

  #own(x: TensorInfo): TensorInfo {
    this.#owned.add(x)
    this.#recent?.push(x)
    return x
  }

  /** A host tensor on the device. */
  make(t: Tensor): TensorInfo {
    const shape = [...t.shape]
    const dtype = tfType[t.dtype]
    const data = storage(t)
    const x = this.#own({ dataId: this.engine.backend.write(data, shape, dtype), shape, dtype })
    if (t.dtype === "i32") this.known.set(x.dataId, data)
    this.engine.settle(x)
    return x
  }

  /** Another handle on the same data. */
  share(x: TensorInfo, shape: Shape = x.shape): TensorInfo {
    this.engine.backend.incRef(x.dataId)
    return this.#own({ dataId: x.dataId, shape: [...shape], dtype: x.dtype })
  }

  keep(x: TensorInfo): TensorInfo {
    this.engine.backend.incRef(x.dataId)
    const kept = { ...x }
    this.#owned.add(kept)
    return kept
  }

  /** The results of a registered kernel. */
  results(kernel: string, inputs: Inputs, attrs: Attributes = {}): ReadonlyArray<TensorInfo> {
    const { core, kernels, backend } = this.engine
    const registered = core.getKernel(kernel, kernels)
    if (registered === undefined) throw new Error(`no kernel ${kernel} is registered for "${kernels}"`)
    const made = registered.kernelFunc({
      inputs: inputs as Record<string, TensorInfo>,
      attrs: attrs as Record<string, Attribute>,
      backend
    })
    return (Array.isArray(made) ? made : [made]).map((x) => this.#own(x))
  }

  /** The first result of a registered kernel. */
  run(kernel: string, inputs: Inputs, attrs: Attributes = {}): TensorInfo {
    return this.results(kernel, inputs, attrs)[0]!
  }

  /** Gives a handle up, and with the last one the data. */
  release(x: TensorInfo): void {
    if (this.#owned.delete(x)) this.engine.backend.disposeData(x.dataId)
  }

  /** Runs work, then releases all that it made besides its result. */
  within(work: () => TensorInfo): TensorInfo {
    const outer = this.#recent
    const made: Array<TensorInfo> = []
    this.#recent = made
    const result = work()
    for (const x of made) if (x !== result) this.release(x)
    this.#recent = outer
    return result
  }

  /** Releases everything left. */
  close(): void {
    for (const x of this.#owned) this.release(x)
  }
}
