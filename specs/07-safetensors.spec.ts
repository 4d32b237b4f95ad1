import { readFileSync } from "node:fs"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import { Safetensors } from "../src/core/model/index.ts"
import { Tensors } from "../src/core/tensor/index.ts"

const file = (json: string, data: ReadonlyArray<number> = []): Uint8Array => {
  const header = new TextEncoder().encode(json)
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true)
  return Uint8Array.from([...length, ...header, ...data])
}

const entry = (dtype: string, shape: ReadonlyArray<number>, begin: number, end: number): string =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] })

const one = (dtype: string, shape: ReadonlyArray<number>, data: ReadonlyArray<number>): Uint8Array =>
  file(`{"a":${entry(dtype, shape, 0, data.length)}}`, data)

const tensor = (bytes: Uint8Array) => Result.getOrThrow(Safetensors.decode(bytes)).tensors["a"]!

const refusal = (bytes: Uint8Array) => {
  const result = Safetensors.decode(bytes)
  if (Result.isSuccess(result)) throw new Error("The file was accepted.")
  return result.failure
}

describe("decode", () => {
  it("golden: reads a checkpoint that the format's own library wrote", () => {
    const { tensors, metadata } = Result.getOrThrow(
      Safetensors.decode(readFileSync(new URL("fixtures/decoder/qwen3/model.safetensors", import.meta.url)))
    )
    expect(metadata).toEqual({ format: "pt" })
    expect(Object.keys(tensors)).toHaveLength(25)
    expect(tensors["model.layers.1.self_attn.k_norm.weight"]).toMatchObject({ dtype: "f32", shape: [8] })
  })

  it("golden: the hand example of spec 07", () => {
    expect(tensor(one("F32", [2], [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]))).toEqual(Tensors.f32([1, -2], [2]))
  })

  it("golden: half precisions widen exactly", () => {
    expect(tensor(one("BF16", [2], [0xc0, 0x3f, 0x00, 0xff])).data).toEqual(Float32Array.of(1.5, -(2 ** 127)))
    const halves = [0x00, 0x3e, 0x01, 0x00, 0x00, 0xfc, 0xff, 0x7b, 0x00, 0x80]
    expect(tensor(one("F16", [5], halves)).data).toEqual(Float32Array.of(1.5, 2 ** -24, -Infinity, 65504, -0))
    expect(tensor(one("F16", [1], [0x01, 0x7e])).data[0]).toBeNaN()
  })

  it("golden: doubles stay wide, integers narrow, flags are flags", () => {
    expect(tensor(one("F64", [], [...new Uint8Array(Float64Array.of(Math.PI).buffer)])).data[0]).toBe(Math.PI)
    expect(tensor(one("I64", [1], [0xfe, ...Array(7).fill(0xff)]))).toEqual(Tensors.i32([-2], [1]))
    expect(tensor(one("U8", [2], [7, 255]))).toEqual(Tensors.i32([7, 255], [2]))
    expect(tensor(one("BOOL", [2], [0, 1]))).toEqual(Tensors.bool([false, true], [2]))
  })

  it("edge: rank 0, empty tensors and an empty file are legal", () => {
    expect(tensor(one("F32", [0, 3], [])).shape).toEqual([0, 3])
    expect(tensor(one("I32", [], [1, 0, 0, 0]))).toEqual(Tensors.i32([1], []))
    expect(Result.getOrThrow(Safetensors.decode(file("{}")))).toEqual({ tensors: {}, metadata: {} })
    expect(Result.getOrThrow(Safetensors.decode(file("{}    "))).tensors).toEqual({})
  })

  it("edge: reads from the middle of a larger buffer, and shares nothing with it", () => {
    const inner = one("F32", [1], [0, 0, 0x80, 0x3f])
    const outer = Buffer.alloc(inner.length + 3, 0xff)
    outer.set(inner, 3)
    const read = tensor(outer.subarray(3))
    outer.fill(0)
    expect(read).toEqual(Tensors.f32([1], [1]))
  })

  it("error: says what is malformed, and of which tensor", () => {
    const cases: ReadonlyArray<readonly [Uint8Array, RegExp]> = [
      [Uint8Array.of(1, 2), /2 bytes has no header length/],
      [Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 0x7b), /header ends at byte 17, the bytes at 9/],
      [Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80), /exceeds 100000000/],
      [file(" {}"), /does not start with "\{"/],
      [file("{nonsense}"), /not JSON/],
      [Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff, 0x7d), /not JSON in UTF-8/],
      [file('{"__metadata__":{"a":1}}'), /must map strings to strings/],
      [file('{"a":3}'), /tensor "a": its entry is not an object/],
      [file(`{"a":${entry("F32", [1, -1], 0, 4)}}`, [0, 0, 0, 0]), /shape is not a list of counts/],
      [file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}'), /data_offsets is not/],
      [one("F32", [2], [0, 0, 0, 0]), /F32\[2\] does not fill the 4 bytes/],
      [file(`{"a":${entry("F32", [1], 0, 4)}}`), /tensor "a": ends at byte \d+ of a file of/],
      [file(`{"a":${entry("U8", [2], 0, 2)},"b":${entry("U8", [2], 1, 3)}}`, [0, 0, 0]), /"b".* inside the one before/],
      [file(`{"a":${entry("U8", [1], 1, 2)}}`, [0, 0]), /not at the end of the one before/],
      [file(`{"a":${entry("U8", [1], 0, 1)}}`, [0, 0]), /the tensors end at byte/],
      [file(`{"a":${entry("U8", [0], 0, 0)},"\\u0061":${entry("U8", [0], 0, 0)}}`), /the key "a" twice/],
      [one("BOOL", [1], [2]), /neither 0 nor 1/]
    ]
    for (const [bytes, message] of cases) {
      expect(refusal(bytes)).toMatchObject({ _tag: "SafetensorsRejected", kind: "malformed" })
      expect(refusal(bytes).message).toMatch(message)
    }
  })

  it("error: a claimed size is refused before anything is allocated", () => {
    expect(refusal(file(`{"a":${entry("F64", [2 ** 30, 2 ** 30], 0, 2 ** 53 - 1)}}`)).message).toMatch(/does not fill/)
    expect(refusal(file(`{"a":${entry("F32", [2 ** 40], 0, 2 ** 42)}}`)).message).toMatch(/of a file of/)
  })

  it("error: dtypes and values that no tensor holds are named", () => {
    const cases: ReadonlyArray<readonly [Uint8Array, RegExp]> = [
      [one("C64", [1], [0, 0, 0, 0, 0, 0, 0, 0]), /"a": dtype "C64" is not known/],
      [one("F8_E5M2", [1], [0]), /F8_E5M2 is not read/],
      [one("I64", [1], [0, 0, 0, 0x80, 0, 0, 0, 0]), /2147483648 at 0 exceeds 32 bits/],
      [one("U32", [1], [0xff, 0xff, 0xff, 0xff]), /4294967295/]
    ]
    for (const [bytes, message] of cases) {
      expect(refusal(bytes)).toMatchObject({ kind: "unsupported", tensor: "a" })
      expect(refusal(bytes).message).toMatch(message)
    }
  })
})

describe("encode", () => {
  it("golden: the hand example of spec 07, byte for byte", () => {
    const json = '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
    const padded = json.padEnd(Math.ceil(json.length / 8) * 8)
    expect(Safetensors.encode({ a: Tensors.f32([1, -2], [2]) })).toEqual(
      file(padded, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
    )
  })

  it("error: the reserved name", () => {
    expect(() => Safetensors.encode({ __metadata__: Tensors.scalar(1) })).toThrow(/__metadata__/)
  })
})

describe("bytesOf", () => {
  const bits = (dtype: "F16" | "BF16", values: ReadonlyArray<number>) => {
    const { buffer } = new Uint8Array(Safetensors.bytesOf(Tensors.f32(values, [values.length]), dtype))
    return [...new Uint16Array(buffer)].map((b) => b.toString(16))
  }
  // What PyTorch 2 makes of these values.
  it("golden: floats narrow to the nearest, ties to the even one, too large ones to infinity", () => {
    const values = [1.5, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -(2 ** -133), 3.4e38, -0]
    expect(bits("BF16", values)).toEqual(["3fc0", "3f80", "3f82", "8001", "7f80", "8000"])
    const halves = [1.5, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, -(2 ** -24), 2 ** -25, 3 * 2 ** -26, Number.NaN]
    expect(bits("F16", halves)).toEqual(["3e00", "3c00", "3c02", "7bff", "7c00", "8001", "0", "1", "7e00"])
  })

  it("law: narrowing undoes widening, for every one of the 65536 values", () => {
    const all = new Uint16Array(65536).map((_, i) => i)
    for (const dtype of ["F16", "BF16"] as const) {
      const wide = tensor(one(dtype, [65536], [...new Uint8Array(all.buffer)]))
      const { buffer } = new Uint8Array(Safetensors.bytesOf(wide, dtype))
      const back = new Uint16Array(buffer)
      const wrong = all.filter((b, i) => back[i] !== b && !Number.isNaN(wide.data[i]))
      expect([...wrong]).toEqual([])
      expect(back.filter((b, i) => Number.isNaN(wide.data[i]) && !isNaN(dtype, b))).toHaveLength(0)
    }
  })
})

const isNaN = (dtype: "F16" | "BF16", bits: number): boolean =>
  dtype === "F16" ? (bits & 0x7fff) > 0x7c00 : (bits & 0x7fff) > 0x7f80
