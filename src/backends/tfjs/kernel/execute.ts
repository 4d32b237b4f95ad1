import type { KernelBackend, TensorInfo } from "@tensorflow/tfjs-core"

type DType = "float32" | "int32" | "bool"
type Values = Float32Array | Int32Array | Uint8Array

/** The functions of TensorFlow's library that `@tensorflow/tfjs-node` calls. */
interface Binding {
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_BOOL: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_TYPE: number
  readonly createTensor: (shape: ReadonlyArray<number>, dtype: number, values: Values) => number
  readonly deleteTensor: (id: number) => void
  readonly executeOp: (
    name: string,
    attrs: ReadonlyArray<{ readonly name: string; readonly type: number; readonly value: boolean | number }>,
    inputs: ReadonlyArray<number>,
    outputs: number
  ) => ReadonlyArray<{ readonly id: number; readonly shape: Array<number>; readonly dtype: number }>
  readonly isUsingGpuDevice: () => boolean
}

/** A backend of `@tensorflow/tfjs-node`: the tensors that it holds, by the handles of TensorFlow's library. */
export interface TensorFlow extends KernelBackend {
  readonly binding: Binding
  readonly isGPUPackage: boolean
  readonly tensorMap: {
    readonly set: (
      dataId: object,
      held: { shape: Array<number>; dtype: number; id: number; values: Values | null; refCount: number }
    ) => unknown
  }
  readonly getInputTensorIds: (xs: ReadonlyArray<TensorInfo>) => ReadonlyArray<number>
}

/** A tensor of a dtype that there is here. */
export interface Held extends TensorInfo {
  readonly dtype: DType
}

/** A small operand that is only there for one call: axes, shapes, bounds. */
export interface Constant {
  readonly shape: ReadonlyArray<number>
  readonly values: Values
}

/** An operation of TensorFlow, as its op definition has it; a dtype among the attributes is one of a tensor. */
export interface Call {
  readonly op: string
  readonly operands: ReadonlyArray<Held | Constant>
  readonly attrs?: Readonly<Record<string, boolean | number | DType>>
  readonly outputs?: number
}

const typesOf = ({ TF_FLOAT, TF_INT32, TF_BOOL }: Binding) => ({ float32: TF_FLOAT, int32: TF_INT32, bool: TF_BOOL })

const dtypeOf = (values: Values): DType =>
  values instanceof Float32Array ? "float32" : values instanceof Int32Array ? "int32" : "bool"

/** Runs one operation. @throws what TensorFlow says of it, as `Invalid TF_Status: CODE` and a message */
export const execute = (
  backend: TensorFlow,
  { op, operands, attrs = {}, outputs = 1 }: Call
): ReadonlyArray<TensorInfo> => {
  const { binding } = backend
  const types = typesOf(binding)
  const attributes = Object.entries(attrs).map(([name, value]) => {
    if (typeof value === "boolean") return { name, type: binding.TF_ATTR_BOOL, value }
    if (typeof value === "number") return { name, type: binding.TF_ATTR_INT, value }
    return { name, type: binding.TF_ATTR_TYPE, value: types[value] }
  })
  const constants: Array<number> = []
  const handle = (x: Held | Constant): number => {
    if ("dataId" in x) return backend.getInputTensorIds([x])[0]!
    const id = binding.createTensor(x.shape, types[dtypeOf(x.values)], x.values)
    constants.push(id)
    return id
  }
  try {
    return binding.executeOp(op, attributes, operands.map(handle), outputs).map(({ id, shape, dtype }) => {
      const dataId = {}
      backend.tensorMap.set(dataId, { shape, dtype, id, values: null, refCount: 1 })
      return { dataId, shape, dtype: dtype === types.float32 ? "float32" : dtype === types.int32 ? "int32" : "bool" }
    })
  } finally {
    for (const id of constants) binding.deleteTensor(id)
  }
}
