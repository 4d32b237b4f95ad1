import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-common"
import type { Tensor } from "../../../../core/tensor/index.ts"
import { type ElementType, encode, type Initializer, type OnnxNode, type ValueInfo } from "../../OnnxModel.ts"
import { fromOrt, type Runtime } from "../Runtime.ts"

/** Tensors that stay on a device, and the ways to and from there: sessions of a node or two, for tensors of any shape. */
export interface Movements {
  readonly upload: (t: Tensor) => Promise<OrtTensor>
  readonly download: (t: OrtTensor, dtype: Tensor["dtype"]) => Promise<Tensor>
  /** The first `count` rows of axis 0. */
  readonly head: (t: OrtTensor, count: number) => Promise<OrtTensor>
  /** The tensor with `rows` from row `at` on; both stay as they were. */
  readonly append: (t: OrtTensor, rows: OrtTensor, at: number) => Promise<OrtTensor>
}

const node = (opType: string, inputs: ReadonlyArray<string>, output: string): OnnxNode => ({
  ...{ opType, inputs, domain: "", name: output, outputs: [output] },
  attributes: opType === "Concat" ? { axis: { _tag: "Int", value: 0 } } : {}
})

const whole = (name: string, value: bigint): Initializer => ({
  ...{ name, type: "int64", shape: [1], data: BigInt64Array.of(value) }
})

const zero = whole("zero", 0n)
/** Beyond the end of every axis. */
const far = whole("far", 2n ** 40n)

const position = (name: string): ValueInfo => ({ name, type: "int64", shape: [1] })

/** What each movement is made of; `x` comes in, `y` goes out. */
const parts = {
  copy: { nodes: [node("Identity", ["x"], "y")], inputs: [], initializers: [] },
  head: {
    nodes: [node("Slice", ["x", "zero", "count", "zero"], "y")],
    inputs: [position("count")],
    initializers: [zero]
  },
  append: {
    nodes: [
      node("Slice", ["x", "zero", "at", "zero"], "before"),
      node("Slice", ["x", "end", "far", "zero"], "after"),
      node("Concat", ["before", "rows", "after"], "y")
    ],
    inputs: [position("at"), position("end")],
    initializers: [zero, far]
  }
} as const

type Part = keyof typeof parts

const model = (part: Part, type: ElementType): Uint8Array => {
  const { nodes, inputs, initializers } = parts[part]
  const x: ValueInfo = { name: "x", type }
  const rows: ReadonlyArray<ValueInfo> = part === "append" ? [{ name: "rows", type }] : []
  return encode({ nodes, initializers, inputs: [x, ...rows, ...inputs], outputs: [{ name: "y", type }] })
}

// As many as there are movements and types, for all engines of a runtime one after another.
const made = new WeakMap<Runtime, Map<string, Promise<InferenceSession>>>()

const sessionsOf = (runtime: Runtime): Map<string, Promise<InferenceSession>> => {
  const known = made.get(runtime) ?? new Map<string, Promise<InferenceSession>>()
  made.set(runtime, known)
  return known
}

/** The movements of a runtime whose sessions are made with these options. */
export const make = (runtime: Runtime, options: InferenceSession.SessionOptions): Movements => {
  const sessions = sessionsOf(runtime)
  const session = (part: Part, type: string, to: "cpu" | "gpu-buffer"): Promise<InferenceSession> => {
    const key = `${part} ${type} ${to}`
    const known = sessions.get(key)
    if (known !== undefined) return known
    const created = runtime.InferenceSession.create(model(part, type as ElementType), {
      ...options,
      preferredOutputLocation: { y: to }
    })
    sessions.set(key, created)
    // One that could not be made may be made later.
    created.catch(() => sessions.delete(key))
    return created
  }
  const int64 = (value: number): OrtTensor => new runtime.Tensor("int64", BigInt64Array.of(BigInt(value)), [1])
  const move = async (
    part: Part,
    to: "cpu" | "gpu-buffer",
    feeds: Readonly<Record<string, OrtTensor>> & { readonly x: OrtTensor }
  ): Promise<OrtTensor> => (await (await session(part, feeds.x.type, to)).run(feeds))["y"] as OrtTensor

  return {
    upload: ({ dtype, data, shape }) => {
      const x = dtype === "f32" ? new runtime.Tensor("float32", data as Float32Array, shape) : undefined
      return move("copy", "gpu-buffer", { x: x ?? new runtime.Tensor("int32", data as Int32Array, shape) })
    },
    // Asking such a tensor for its elements would end the process: a session brings them.
    download: async (x, dtype) => {
      const t = await move("copy", "cpu", { x })
      return fromOrt({ name: "y", value: "y", dtype, shape: x.dims }, t)
    },
    head: (x, count) => move("head", "gpu-buffer", { x, count: int64(count) }),
    append: (x, rows, at) => move("append", "gpu-buffer", { x, rows, at: int64(at), end: int64(at + rows.dims[0]!) })
  }
}
