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
  readonly copy: (t: OrtTensor) => Promise<OrtTensor>
  /** Writes `rows` over those of a tensor from row `at` on, where it lies. */
  readonly write: (t: OrtTensor, rows: OrtTensor, at: number) => Promise<void>
}

const node = (opType: string, inputs: ReadonlyArray<string>, output: string): OnnxNode => ({
  ...{ opType, inputs, domain: "", name: output, outputs: [output] },
  attributes: {}
})

const whole = (name: string, value: bigint): Initializer => ({
  ...{ name, type: "int64", shape: [1], data: BigInt64Array.of(value) }
})

const zero = whole("zero", 0n)

/** What each movement is made of; `x` comes in, `y` goes out. Scattering begins with a copy of `x`, unless `y` lies where it does. */
const parts = {
  copy: { nodes: [node("Identity", ["x"], "y")], inputs: [], initializers: [] },
  head: {
    nodes: [node("Slice", ["x", "zero", "count", "zero"], "y")],
    inputs: ["count"],
    initializers: [zero]
  },
  write: { nodes: [node("ScatterND", ["x", "positions", "rows"], "y")], inputs: ["positions"], initializers: [] }
} as const

type Part = keyof typeof parts

type Destination = "cpu" | "gpu-buffer" | "there"

const model = (part: Part, type: ElementType): Uint8Array => {
  const { nodes, inputs, initializers } = parts[part]
  const x: ValueInfo = { name: "x", type }
  const rows: ReadonlyArray<ValueInfo> = part === "write" ? [{ name: "rows", type }] : []
  const whole = inputs.map((name): ValueInfo => ({ name, type: "int64" }))
  return encode({ nodes, initializers, inputs: [x, ...rows, ...whole], outputs: [{ name: "y", type }] })
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
  const session = (part: Part, type: string, to: Destination): Promise<InferenceSession> => {
    const key = `${part} ${type} ${to}`
    const known = sessions.get(key)
    if (known !== undefined) return known
    const created = runtime.InferenceSession.create(model(part, type as ElementType), {
      ...options,
      // Where an output is given a place, none is asked for.
      ...(to === "there" ? {} : { preferredOutputLocation: { y: to } })
    })
    sessions.set(key, created)
    // One that could not be made may be made later.
    created.catch(() => sessions.delete(key))
    return created
  }
  const int64 = (values: ReadonlyArray<number>, dims: ReadonlyArray<number>): OrtTensor =>
    new runtime.Tensor("int64", BigInt64Array.from(values, BigInt), dims)
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
    head: (x, count) => move("head", "gpu-buffer", { x, count: int64([count], [1]) }),
    copy: (x) => move("copy", "gpu-buffer", { x }),
    write: async (x, rows, at) => {
      const count = rows.dims[0]!
      const positions = int64(
        Array.from({ length: count }, (_, i) => at + i),
        [count, 1]
      )
      // The result is another handle on the same buffer.
      const { y } = await (await session("write", x.type, "there")).run({ x, rows, positions }, { y: x })
      if (y !== x) y!.dispose()
    }
  }
}
