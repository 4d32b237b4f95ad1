import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Core } from "../Engine.ts"
import { type Call, type Constant, execute, type Held, type TensorFlow } from "./execute.ts"

type Inputs = Readonly<Record<string, Held>> & ReadonlyArray<Held>

type Integers = number | ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>>

/** The attributes that kernels of TensorFlow.js have, by name. */
interface Attributes {
  readonly axis: Integers
  readonly reductionIndices: Integers
  readonly keepDims: boolean
  readonly exclusive: boolean
  readonly reverse: boolean
  readonly sorted: boolean
  readonly k: number
  readonly clipValueMin: number
  readonly clipValueMax: number
  readonly dtype: Held["dtype"]
  readonly transposeA: boolean
  readonly transposeB: boolean
  readonly shape: Integers
  readonly perm: Integers
  readonly reps: Integers
  readonly begin: Integers
  readonly size: Integers
  readonly paddings: ReadonlyArray<ReadonlyArray<number>>
  readonly constantValue: number
  readonly batchDims: number
}

type Calling = (inputs: Inputs, attrs: Attributes) => Call

const ints = (values: Integers): Constant => {
  if (typeof values === "number") return { shape: [], values: Int32Array.of(values) }
  const [first] = values
  const columns = typeof first === "number" || first === undefined ? [] : [first.length]
  return { shape: [values.length, ...columns], values: Int32Array.from(values.flat()) }
}

const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }

/** One number of the dtype of a tensor. */
const scalar = (value: number, { dtype }: Held): Constant => ({ shape: [], values: arrays[dtype].of(value) })

const each = (names: ReadonlyArray<string>, calling: (op: string) => Calling): Readonly<Record<string, Calling>> =>
  Object.fromEntries(names.map((name) => [name, calling(name)]))

const unary =
  (op: string): Calling =>
  ({ x }) => ({ op, operands: [x!], attrs: { T: x!.dtype } })

const binary =
  (op: string): Calling =>
  ({ a, b }) => ({ op, operands: [a!, b!], attrs: { T: a!.dtype } })

const reducing =
  (op: string, axes: "axis" | "reductionIndices"): Calling =>
  ({ x }, attrs) => ({
    op,
    operands: [x!, ints(attrs[axes])],
    attrs: { T: x!.dtype, Tidx: "int32", keep_dims: attrs.keepDims }
  })

/** How kernels of TensorFlow.js are said to TensorFlow, by their names, inputs and attributes there. */
const callings: Readonly<Record<string, Calling>> = {
  ...each("Neg Exp Log Sqrt Rsqrt Reciprocal Tanh Sigmoid Erf Abs Sign Relu Cos Sin Softplus".split(" "), unary),
  ...each("Sub RealDiv Maximum Minimum Pow Equal NotEqual Less Greater BitwiseAnd RightShift".split(" "), binary),
  Add: binary("AddV2"),
  Multiply: binary("Mul"),
  LogicalNot: ({ x }) => ({ op: "LogicalNot", operands: [x!] }),
  LogicalAnd: ({ a, b }) => ({ op: "LogicalAnd", operands: [a!, b!] }),
  LogicalOr: ({ a, b }) => ({ op: "LogicalOr", operands: [a!, b!] }),
  Select: ({ condition, t, e }) => ({ op: "SelectV2", operands: [condition!, t!, e!], attrs: { T: t!.dtype } }),
  ClipByValue: ({ x }, { clipValueMin, clipValueMax }) => ({
    op: "ClipByValue",
    operands: [x!, scalar(clipValueMin, x!), scalar(clipValueMax, x!)],
    attrs: { T: x!.dtype }
  }),
  Cast: ({ x }, { dtype }) => ({ op: "Cast", operands: [x!], attrs: { SrcT: x!.dtype, DstT: dtype, Truncate: false } }),

  Sum: reducing("Sum", "axis"),
  Max: reducing("Max", "reductionIndices"),
  Cumsum: ({ x }, { axis, exclusive, reverse }) => ({
    op: "Cumsum",
    operands: [x!, ints(axis)],
    attrs: { T: x!.dtype, Tidx: "int32", exclusive, reverse }
  }),
  ArgMax: ({ x }, { axis }) => ({
    op: "ArgMax",
    operands: [x!, ints(axis)],
    attrs: { T: x!.dtype, Tidx: "int32", output_type: "int32" }
  }),
  TopK: ({ x }, { k, sorted }) => ({
    op: "TopKV2",
    operands: [x!, ints(k)],
    attrs: { T: x!.dtype, sorted },
    outputs: 2
  }),
  Softmax: ({ logits }) => ({ op: "Softmax", operands: [logits!], attrs: { T: logits!.dtype } }),
  BatchMatMul: ({ a, b }, { transposeA, transposeB }) => ({
    op: "BatchMatMulV2",
    operands: [a!, b!],
    attrs: { T: a!.dtype, adj_x: transposeA, adj_y: transposeB }
  }),

  Reshape: ({ x }, { shape }) => ({
    op: "Reshape",
    operands: [x!, ints(shape)],
    attrs: { T: x!.dtype, Tshape: "int32" }
  }),
  Transpose: ({ x }, { perm }) => ({
    op: "Transpose",
    operands: [x!, ints(perm)],
    attrs: { T: x!.dtype, Tperm: "int32" }
  }),
  Tile: ({ x }, { reps }) => ({ op: "Tile", operands: [x!, ints(reps)], attrs: { T: x!.dtype, Tmultiples: "int32" } }),
  Concat: (parts, { axis }) => ({
    op: "ConcatV2",
    operands: [...parts, ints(axis)],
    attrs: { N: parts.length, T: parts[0]!.dtype, Tidx: "int32" }
  }),
  Slice: ({ x }, { begin, size }) => ({
    op: "Slice",
    operands: [x!, ints(begin), ints(size)],
    attrs: { T: x!.dtype, Index: "int32" }
  }),
  PadV2: ({ x }, { paddings, constantValue }) => ({
    op: "PadV2",
    operands: [x!, ints(paddings), scalar(constantValue, x!)],
    attrs: { T: x!.dtype, Tpaddings: "int32" }
  }),
  GatherV2: ({ x, indices }, { axis, batchDims }) => ({
    op: "GatherV2",
    operands: [x!, indices!, ints(axis)],
    attrs: { Tparams: x!.dtype, Tindices: "int32", Taxis: "int32", batch_dims: batchDims }
  }),
  ScatterNd: ({ indices, updates }, { shape }) => ({
    op: "ScatterNd",
    operands: [indices!, updates!, ints(shape)],
    attrs: { T: updates!.dtype, Tindices: "int32" }
  })
}

/** The name under which kernels that call TensorFlow by themselves are registered. */
export const eager = "rewardflow-tensorflow"

/**
 * Registers the kernels that call TensorFlow by themselves, once a process. Those of `@tensorflow/tfjs-node` will not do:
 * they keep their operands and results with the global engine, on whichever backend is active there, and call functions
 * that Node has given up.
 */
export const registerEagerKernels = (core: Core): void => {
  for (const [kernelName, calling] of Object.entries(callings)) {
    if (core.getKernel(kernelName, eager) !== undefined) continue
    core.registerKernel({
      kernelName,
      backendName: eager,
      kernelFunc: ({ inputs, attrs, backend }) =>
        execute(
          backend as TensorFlow,
          calling(inputs as unknown as Inputs, attrs as unknown as Attributes)
        ) as Array<TensorInfo>
    })
  }
}
