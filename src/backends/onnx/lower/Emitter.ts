import type { DType, Shape, Tensor } from "../../../core/tensor/index.ts"
import { type Attribute, elementType, type Initializer, type OnnxNode } from "../OnnxModel.ts"

/** Attribute values as rules write them: whole numbers are integers, `float(x)` is a float. */
export type Attributes = Readonly<Record<string, number | string | ReadonlyArray<number> | { readonly float: number }>>

/** A float attribute, also when it is a whole number. */
export const float = (value: number): { readonly float: number } => ({ float: value })

/** The domain of ONNX Runtime's own operators. */
export const microsoft = "com.microsoft"

export interface NodeOptions {
  readonly attributes?: Attributes
  readonly domain?: string
  /** Number of outputs, 1 by default. */
  readonly outputs?: number
}

/**
 * Collects ONNX nodes and initializers. Equal requests give the same value: a node with the same
 * operator, inputs and attributes is emitted once, so rules share work without knowing of each other.
 */
export interface Emitter {
  /** The single (or first) output of a node. */
  readonly node: (opType: string, inputs: ReadonlyArray<string>, options?: NodeOptions) => string
  /** All outputs of a node. */
  readonly nodes: (opType: string, inputs: ReadonlyArray<string>, options?: NodeOptions) => ReadonlyArray<string>
  /** A list of int64: shapes, axes, positions. */
  readonly ints: (values: ReadonlyArray<number>) => string
  /** A tensor of int64. */
  readonly integers: (values: ReadonlyArray<number>, shape: Shape) => string
  /** A rank-0 constant. */
  readonly scalar: (value: number, dtype?: DType) => string
  readonly constant: (tensor: Tensor) => string
  /** The name under which messages and profiles show the nodes that follow. */
  readonly at: (name: string) => void
  readonly emitted: () => { readonly nodes: ReadonlyArray<OnnxNode>; readonly initializers: ReadonlyArray<Initializer> }
}

const attribute = (v: Attributes[string]): Attribute =>
  typeof v === "number"
    ? { _tag: "Int", value: v }
    : typeof v === "string"
      ? { _tag: "Text", value: v }
      : "float" in v
        ? { _tag: "Float", value: v.float }
        : { _tag: "Ints", value: v }

/** The elements as ONNX stores them. */
const stored = (t: Tensor): Initializer["data"] => (t.data instanceof Float64Array ? Float32Array.from(t.data) : t.data)

/** Constants up to this size are shared by value, larger ones by identity. */
const smallConstant = 4096

/** A new, empty emitter. */
export const make = (): Emitter => {
  const nodes: Array<OnnxNode> = []
  const initializers: Array<Initializer> = []
  const byKey = new Map<string, ReadonlyArray<string>>()
  const constants = new Map<Tensor, string>()
  let place = ""
  let count = 0

  const initializer = (type: Initializer["type"], shape: Shape, data: Initializer["data"]): string => {
    const key =
      data.length > smallConstant ? undefined : `${type}|${shape.join(",")}|${Array.from(data as never, String)}`
    const known = key === undefined ? undefined : byKey.get(key)
    if (known !== undefined) return known[0]!
    const name = `c${initializers.length}`
    initializers.push({ name, type, shape, data })
    if (key !== undefined) byKey.set(key, [name])
    return name
  }

  const emit: Emitter["nodes"] = (opType, inputs, { attributes = {}, domain = "", outputs = 1 } = {}) => {
    const key = `${domain}.${opType}(${inputs.join(",")})${JSON.stringify(attributes)}`
    const known = byKey.get(key)
    if (known !== undefined) return known
    const names = Array.from({ length: outputs }, (_, i) => (outputs === 1 ? `v${count}` : `v${count}.${i}`))
    nodes.push({
      opType,
      domain,
      name: `${place}#${count}`,
      inputs,
      outputs: names,
      attributes: Object.fromEntries(Object.entries(attributes).map(([k, v]) => [k, attribute(v)]))
    })
    count++
    byKey.set(key, names)
    return names
  }

  return {
    node: (opType, inputs, options) => emit(opType, inputs, options)[0]!,
    nodes: emit,
    ints: (values) => initializer("int64", [values.length], BigInt64Array.from(values, BigInt)),
    integers: (values, shape) => initializer("int64", shape, BigInt64Array.from(values, BigInt)),
    scalar: (value, dtype = "f32") =>
      initializer(
        elementType[dtype],
        [],
        dtype === "f32" ? Float32Array.of(value) : dtype === "i32" ? Int32Array.of(value) : Uint8Array.of(value)
      ),
    constant: (t) => {
      const known = constants.get(t)
      if (known !== undefined) return known
      const name = initializer(elementType[t.dtype], t.shape, stored(t))
      constants.set(t, name)
      return name
    },
    at: (name) => {
      place = name
    },
    emitted: () => ({ nodes, initializers })
  }
}
