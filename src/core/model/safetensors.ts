import { Result } from "effect"
import { type Tensor, Tensors } from "../tensor/index.ts"
import { fromBFloat16, fromHalf } from "./half.ts"
import {
  type Checked,
  type Entry,
  type Header,
  headerLength,
  parseHeader,
  SafetensorsRejected
} from "./SafetensorsHeader.ts"

export { bytesOf, encode, type FloatFormat, layout, type Planned } from "./encodeSafetensors.ts"
export { type Entry, type Header, headerLength, parseHeader }

/** A file's tensors and its free text. */
export interface Contents {
  readonly tensors: Readonly<Record<string, Tensor>>
  readonly metadata: Readonly<Record<string, string>>
}

const unsupported = (tensor: string, reason: string) =>
  Result.fail(new SafetensorsRejected({ kind: "unsupported", tensor, reason }))

const integers = (name: string, values: ArrayLike<number | bigint>, { shape }: Entry): Checked<Tensor> => {
  const out = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    out[i] = Number(value)
    if (BigInt(out[i]!) !== BigInt(value)) return unsupported(name, `${value} at ${i} exceeds 32 bits.`)
  }
  return Result.succeed(Tensors.i32(out, shape))
}

/**
 * One tensor from its own bytes. F32, F16 and BF16 become f32 exactly, F64 is held wide; integers become i32,
 * where they fit; BOOL becomes bool. The result shares no memory with `bytes`.
 */
export const tensorOf = (name: string, entry: Entry, bytes: Uint8Array): Checked<Tensor> =>
  // A copy, since typed arrays need their own alignment. Not `slice()`: that of a Node `Buffer` is a view.
  adopt(name, entry, new Uint8Array(bytes).buffer)

/** As `tensorOf`, of a buffer that holds nothing else and now belongs to the tensor: F32 is not copied. */
export const adopt = (name: string, entry: Entry, buffer: ArrayBuffer): Checked<Tensor> => {
  const { dtype, shape } = entry
  if (buffer.byteLength !== entry.end - entry.begin) {
    return Result.fail(
      new SafetensorsRejected({
        kind: "malformed",
        tensor: name,
        reason: `has ${entry.end - entry.begin} bytes in the header, ${buffer.byteLength} were given.`
      })
    )
  }
  switch (dtype) {
    case "F32":
      return Result.succeed(Tensors.f32(new Float32Array(buffer), shape))
    case "F64":
      return Result.succeed(Tensors.f64(new Float64Array(buffer), shape))
    case "F16":
      return Result.succeed(Tensors.f32(fromHalf(new Uint16Array(buffer)), shape))
    case "BF16":
      return Result.succeed(Tensors.f32(fromBFloat16(new Uint16Array(buffer)), shape))
    case "I32":
      return Result.succeed(Tensors.i32(new Int32Array(buffer), shape))
    case "BOOL": {
      const flags = new Uint8Array(buffer)
      return flags.some((b) => b > 1)
        ? Result.fail(
            new SafetensorsRejected({ kind: "malformed", tensor: name, reason: "a BOOL is neither 0 nor 1." })
          )
        : Result.succeed(Tensors.bool(flags, shape))
    }
    case "U8":
      return integers(name, new Uint8Array(buffer), entry)
    case "I8":
      return integers(name, new Int8Array(buffer), entry)
    case "I16":
      return integers(name, new Int16Array(buffer), entry)
    case "U16":
      return integers(name, new Uint16Array(buffer), entry)
    case "U32":
      return integers(name, new Uint32Array(buffer), entry)
    case "I64":
      return integers(name, new BigInt64Array(buffer), entry)
    case "U64":
      return integers(name, new BigUint64Array(buffer), entry)
    case "F8_E4M3":
    case "F8_E5M2":
      return unsupported(name, `dtype ${dtype} is not read; convert it to BF16.`)
  }
}

/** Reads a whole file. @see specs/07-safetensors.md */
export const decode = (bytes: Uint8Array): Checked<Contents> =>
  Result.flatMap(parseHeader(bytes), ({ entries, metadata }) => {
    const tensors: Array<readonly [string, Tensor]> = []
    for (const [name, entry] of Object.entries(entries)) {
      const tensor = tensorOf(name, entry, bytes.subarray(entry.begin, entry.end))
      if (Result.isFailure(tensor)) return Result.fail(tensor.failure)
      tensors.push([name, tensor.success])
    }
    return Result.succeed({ tensors: Object.fromEntries(tensors), metadata })
  })
