import protobuf from "protobufjs/minimal.js"
import type { DType, Shape } from "../../core/tensor/index.ts"

/** Attribute of an ONNX node: an integer, a float, text, or a list of integers. */
export type Attribute =
  | { readonly _tag: "Int"; readonly value: number }
  | { readonly _tag: "Float"; readonly value: number }
  | { readonly _tag: "Text"; readonly value: string }
  | { readonly _tag: "Ints"; readonly value: ReadonlyArray<number> }

/** An ONNX node; `domain` is empty for the standard operators. An empty input name means an absent optional input. */
export interface OnnxNode {
  readonly opType: string
  readonly domain: string
  readonly name: string
  readonly inputs: ReadonlyArray<string>
  readonly outputs: ReadonlyArray<string>
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** Element types of the ONNX spec that this backend emits. */
export type ElementType = "float32" | "int32" | "int64" | "bool" | "uint8"

/** A tensor stored in the model; `data` holds little-endian elements. */
export interface Initializer {
  readonly name: string
  readonly type: ElementType
  readonly shape: Shape
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array
}

/** A tensor whose elements lie in a file; the engine maps that range of it into memory. */
export interface ExternalInitializer {
  readonly name: string
  readonly type: ElementType
  readonly shape: Shape
  /** From the root of the file system, which sessions name as the folder of external data. */
  readonly location: string
  readonly offset: number
  readonly length: number
}

/** The type of a graph input or output; of any shape where none is given. */
export interface ValueInfo {
  readonly name: string
  readonly type: ElementType
  readonly shape?: Shape
}

/** A whole model, as much of the ONNX format as the backend uses. */
export interface OnnxModel {
  readonly nodes: ReadonlyArray<OnnxNode>
  readonly initializers: ReadonlyArray<Initializer>
  readonly inputs: ReadonlyArray<ValueInfo>
  readonly outputs: ReadonlyArray<ValueInfo>
}

/** The ONNX element type of each dtype. */
export const elementType: { readonly [D in DType]: ElementType } = { f32: "float32", i32: "int32", bool: "bool" }

/** Versions of the operator sets that the lowering is written for; IR version 10 belongs to them. */
const opsets: Readonly<Record<string, number>> = { "": 23, "com.microsoft": 1 }
const irVersion = 10

const dataType: { readonly [E in ElementType]: number } = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 }

type Writer = protobuf.Writer

// The key of a protobuf field: its number, and how its value is laid out.
const varint = (field: number): number => field << 3
const bytes = (field: number): number => (field << 3) | 2
const float = (field: number): number => (field << 3) | 5

const message = (w: Writer, field: number, body: (w: Writer) => void): void => {
  w.uint32(bytes(field)).fork()
  body(w)
  w.ldelim()
}

const text = (w: Writer, field: number, value: string): void => {
  if (value !== "") w.uint32(bytes(field)).string(value)
}

const packed = (w: Writer, field: number, values: ReadonlyArray<number>): void => {
  if (values.length === 0) return
  message(w, field, (w) => {
    for (const v of values) w.int64(v)
  })
}

/** AttributeProto: name 1, f 2, i 3, s 4, ints 8, type 20. */
const attribute = (name: string, a: Attribute) => (w: Writer) => {
  text(w, 1, name)
  switch (a._tag) {
    case "Float":
      w.uint32(float(2)).float(a.value).uint32(varint(20)).int32(1)
      break
    case "Int":
      w.uint32(varint(3)).int64(a.value).uint32(varint(20)).int32(2)
      break
    case "Text":
      w.uint32(bytes(4)).string(a.value).uint32(varint(20)).int32(3)
      break
    case "Ints":
      packed(w, 8, a.value)
      w.uint32(varint(20)).int32(7)
      break
  }
}

/** NodeProto: input 1, output 2, name 3, op_type 4, attribute 5, domain 7. */
const node = (n: OnnxNode) => (w: Writer) => {
  for (const name of n.inputs) w.uint32(bytes(1)).string(name)
  for (const name of n.outputs) w.uint32(bytes(2)).string(name)
  text(w, 3, n.name)
  text(w, 4, n.opType)
  for (const [name, a] of Object.entries(n.attributes)) message(w, 5, attribute(name, a))
  text(w, 7, n.domain)
}

/** TensorProto: dims 1, data_type 2, name 8, raw_data 9. */
const tensor = (t: Initializer) => (w: Writer) => {
  packed(w, 1, t.shape)
  w.uint32(varint(2)).int32(dataType[t.type])
  text(w, 8, t.name)
  w.uint32(bytes(9)).bytes(new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength))
}

/** StringStringEntryProto: key 1, value 2. */
const entry = (key: string, value: string) => (w: Writer) => {
  text(w, 1, key)
  text(w, 2, value)
}

/** TensorProto: dims 1, data_type 2, name 8, external_data 13, data_location 14 (1: external). */
const external = (t: ExternalInitializer) => (w: Writer) => {
  packed(w, 1, t.shape)
  w.uint32(varint(2)).int32(dataType[t.type])
  text(w, 8, t.name)
  message(w, 13, entry("location", t.location))
  message(w, 13, entry("offset", String(t.offset)))
  message(w, 13, entry("length", String(t.length)))
  w.uint32(varint(14)).int32(1)
}

/** ValueInfoProto: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { dim_value 1 } } } }. */
const valueInfo = (v: ValueInfo) => (w: Writer) => {
  text(w, 1, v.name)
  message(w, 2, (w) =>
    message(w, 1, (w) => {
      w.uint32(varint(1)).int32(dataType[v.type])
      const { shape } = v
      if (shape === undefined) return
      message(w, 2, (w) => {
        for (const d of shape) message(w, 1, (w) => w.uint32(varint(1)).int64(d))
      })
    })
  )
}

const finish = (w: Writer): Uint8Array<ArrayBuffer> => Uint8Array.from(w.finish())

/** ModelProto: ir_version 1, graph 7 { node 1, name 2, initializer 5, input 11, output 12 }, opset_import 8 { domain 1, version 2 }. */
export const encode = (model: OnnxModel): Uint8Array<ArrayBuffer> => {
  const w = protobuf.Writer.create()
  w.uint32(varint(1)).int64(irVersion)
  message(w, 7, (w) => {
    for (const n of model.nodes) message(w, 1, node(n))
    text(w, 2, "program")
    for (const t of model.initializers) message(w, 5, tensor(t))
    for (const v of model.inputs) message(w, 11, valueInfo(v))
    for (const v of model.outputs) message(w, 12, valueInfo(v))
  })
  for (const [domain, version] of Object.entries(opsets)) {
    message(w, 8, (w) => {
      text(w, 1, domain)
      w.uint32(varint(2)).int64(version)
    })
  }
  return finish(w)
}

/** What is added to an encoded model. */
export interface Additions {
  readonly initializers: ReadonlyArray<Initializer>
  readonly external: ReadonlyArray<ExternalInitializer>
  readonly inputs: ReadonlyArray<ValueInfo>
}

/**
 * The same model with more initializers and inputs. Protobuf messages merge by concatenation, so the encoded
 * model is not touched: this is how values known only to the worker are compiled in.
 */
export const withAdditions = (model: Uint8Array, { initializers, external: mapped, inputs }: Additions) => {
  const w = protobuf.Writer.create()
  message(w, 7, (w) => {
    for (const t of initializers) message(w, 5, tensor(t))
    for (const t of mapped) message(w, 5, external(t))
    for (const v of inputs) message(w, 11, valueInfo(v))
  })
  const more = w.finish()
  const whole = new Uint8Array(model.length + more.length)
  whole.set(model)
  whole.set(more, model.length)
  return whole
}
