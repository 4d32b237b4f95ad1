import type { Attribute, TensorInfo } from "@tensorflow/tfjs-core"
import { Shapes } from "../../../core/tensor/index.ts"
import type { Core } from "../Engine.ts"

type Elements = Float32Array | Int32Array | Uint8Array

/** How kernels in JavaScript reach the tensors of a backend. */
export interface Host<B> {
  /** The elements of a tensor, not to be written to. */
  readonly values: (backend: B, x: TensorInfo) => Elements
  readonly make: (backend: B, values: Elements, shape: Array<number>, dtype: TensorInfo["dtype"]) => TensorInfo
}

interface Operand {
  readonly values: Elements
  readonly shape: ReadonlyArray<number>
}

interface Result {
  readonly values: Elements
  readonly shape: ReadonlyArray<number>
  readonly dtype: TensorInfo["dtype"]
}

interface HostKernel {
  readonly inputs: ReadonlyArray<string>
  readonly compute: (operands: ReadonlyArray<Operand>, attrs: Readonly<Record<string, number>>) => Result
}

const last = (shape: ReadonlyArray<number>): number => shape[shape.length - 1]!

/** Four bits, counted from the lowest of the first word. */
const nibble = (words: Elements, i: number): number => (words[i >> 3]! >>> ((i & 7) * 4)) & 15

/** Position in a smaller tensor of each element of the shape that it broadcasts to. */
const positions = (from: ReadonlyArray<number>, to: ReadonlyArray<number>): ((i: number) => number) => {
  if (Shapes.size(from) === Shapes.size(to)) return (i) => i
  const [own, strides] = [Shapes.strides(from), Shapes.strides(to)]
  return (i) => from.reduce((at, d, axis) => (d === 1 ? at : at + (Math.floor(i / strides[axis]!) % d) * own[axis]!), 0)
}

/** Kernels that TensorFlow.js lacks: indexing along the last axis, and integers that divide as they should. */
const kernels: Readonly<Record<string, HostKernel>> = {
  RewardflowIntDiv: {
    inputs: ["a", "b"],
    compute: ([a, b]) => {
      const shape = Shapes.broadcast(a!.shape, b!.shape)!
      const [atA, atB] = [positions(a!.shape, shape), positions(b!.shape, shape)]
      // Storing a quotient in an integer array truncates it; infinities become 0.
      const values = Int32Array.from({ length: Shapes.size(shape) }, (_, i) => a!.values[atA(i)]! / b!.values[atB(i)]!)
      return { values, shape, dtype: "int32" }
    }
  },
  RewardflowGatherElements: {
    inputs: ["x", "ids"],
    compute: ([x, ids]) => {
      const [width, k] = [last(x!.shape), last(ids!.shape)]
      const Elements = x!.values.constructor as new (n: number) => Elements
      const values = new Elements(ids!.values.length)
      for (let i = 0; i < values.length; i++) values[i] = x!.values[Math.floor(i / k) * width + ids!.values[i]!]!
      const dtype = values instanceof Float32Array ? "float32" : values instanceof Int32Array ? "int32" : "bool"
      return { values, shape: ids!.shape, dtype }
    }
  },
  RewardflowScatterElements: {
    inputs: ["ids", "updates"],
    compute: ([ids, updates], { size }) => {
      const k = last(ids!.shape)
      const shape = [...ids!.shape.slice(0, -1), size!]
      const values = new Float32Array(Shapes.size(shape))
      for (let i = 0; i < ids!.values.length; i++)
        values[Math.floor(i / k) * size! + ids!.values[i]!]! += updates!.values[i]!
      return { values, shape, dtype: "float32" }
    }
  },
  RewardflowScatterRows: {
    inputs: ["ids", "updates"],
    compute: ([ids, updates], { rows }) => {
      const d = last(updates!.shape)
      const values = new Float32Array(rows! * d)
      for (let i = 0; i < ids!.values.length; i++) {
        const [to, from] = [ids!.values[i]! * d, i * d]
        for (let j = 0; j < d; j++) values[to + j]! += updates!.values[from + j]!
      }
      return { values, shape: [rows!, d], dtype: "float32" }
    }
  },
  RewardflowDequantize: {
    inputs: ["codes", "scales", "zeros"],
    compute: ([codes, scales, zeros], { block, width }) => {
      const [n, blocks] = [codes!.shape[0]!, last(scales!.shape)]
      const values = new Float32Array(n * width!)
      for (let row = 0; row < n; row++) {
        for (let c = 0; c < width!; c++) {
          const b = Math.floor(c / block!)
          // Rows of zero points are padded to whole bytes, two to a byte.
          const zero = nibble(zeros!.values, row * Math.ceil(blocks / 2) * 2 + b)
          const code = nibble(codes!.values, row * blocks * block! + c)
          values[row * width! + c] = (code - zero) * scales!.values[row * blocks + b]!
        }
      }
      return { values, shape: [n, width!], dtype: "float32" }
    }
  }
}

/** Registers the kernels in JavaScript for a backend of TensorFlow.js, once a process. */
export const registerHostKernels = <B extends object>(core: Core, backendName: string, host: Host<B>): void => {
  for (const [kernelName, { inputs: names, compute }] of Object.entries(kernels)) {
    if (core.getKernel(kernelName, backendName) !== undefined) continue
    core.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, backend, attrs }) => {
        const operands = names.map((name) => {
          const x = inputs[name]!
          return { values: host.values(backend as B, x), shape: x.shape }
        })
        const { values, shape, dtype } = compute(operands, (attrs ?? {}) as Record<string, number & Attribute>)
        return host.make(backend as B, values, [...shape], dtype)
      }
    })
  }
}
