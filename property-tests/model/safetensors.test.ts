import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Safetensors } from "../../src/core/model/index.ts"
import { Shapes, type Tensor, Tensors } from "../../src/core/tensor/index.ts"

const shape = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 })

const tensor: fc.Arbitrary<Tensor> = shape.chain((s) => {
  const n = { minLength: Shapes.size(s), maxLength: Shapes.size(s) }
  return fc.oneof(
    fc.float32Array(n).map((data) => Tensors.f32(data, s)),
    fc.float64Array(n).map((data) => Tensors.f64(data, s)),
    fc.int32Array(n).map((data) => Tensors.i32(data, s)),
    fc.array(fc.boolean(), n).map((data) => Tensors.bool(data, s))
  )
})

const name = fc.string({ unit: "binary", maxLength: 6 }).filter((n) => n !== "__metadata__")
const metadata = fc.dictionary(name, fc.string({ unit: "binary" }), { maxKeys: 3 })
const contents = fc.record({ tensors: fc.dictionary(name, tensor, { maxKeys: 5 }), metadata })

const bits = (t: Tensor): ReadonlyArray<number> => [
  ...new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength)
]
const comparable = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.entries(tensors)
    .map(([n, t]) => [n, t.dtype, t.data.constructor.name, t.shape, bits(t)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))

/** Reading what was written gives the same tensors, bit for bit, and the same metadata. */
const roundTrip = (c: Safetensors.Contents): void => {
  const back = Result.getOrThrow(Safetensors.decode(Safetensors.encode(c.tensors, c.metadata)))
  expect(comparable(back.tensors)).toEqual(comparable(c.tensors))
  expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(c.metadata).sort())
}

const options = { seed: 42, numRuns: 300 }

describe("Safetensors", () => {
  it("law: decode undoes encode", () => {
    fc.assert(fc.property(contents, roundTrip), options)
  })

  it("law: the order of names does not change the bytes", () => {
    fc.assert(
      fc.property(contents, ({ tensors, metadata }) => {
        const reversed = Object.fromEntries(Object.entries(tensors).reverse())
        const header = (b: Uint8Array) => Result.getOrThrow(Safetensors.parseHeader(b))
        const [a, b] = [Safetensors.encode(tensors, metadata), Safetensors.encode(reversed, metadata)]
        expect(b).toEqual(a)
        for (const { begin, dtype } of Object.values(header(a).entries)) {
          const width = dtype === "F64" ? 8 : dtype === "BOOL" ? 1 : 4
          expect(begin % width).toBe(0)
        }
      }),
      options
    )
  })

  it("law: the header alone tells where every tensor lies", () => {
    fc.assert(
      fc.property(contents, ({ tensors, metadata }) => {
        const bytes = Safetensors.encode(tensors, metadata)
        const prefix = bytes.subarray(0, Result.getOrThrow(Safetensors.headerLength(bytes)))
        const { entries } = Result.getOrThrow(Safetensors.parseHeader(prefix, bytes.length))
        const read = Object.entries(entries).map(([n, e]) => [
          n,
          Result.getOrThrow(Safetensors.tensorOf(n, e, bytes.subarray(e.begin, e.end)))
        ])
        expect(comparable(Object.fromEntries(read))).toEqual(comparable(tensors))
      }),
      options
    )
  })

  it("law: a damaged file is read or refused, never a crash", () => {
    const damage = fc.array(fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) }), { maxLength: 4 })
    fc.assert(
      fc.property(contents, damage, fc.nat(), (c, changes, cut) => {
        const bytes = Safetensors.encode(c.tensors, c.metadata)
        for (const { at, to } of changes) bytes[at % bytes.length] = to
        const result = Safetensors.decode(bytes.subarray(0, bytes.length - (cut % 4)))
        if (Result.isFailure(result)) expect(result.failure._tag).toBe("SafetensorsRejected")
      }),
      { seed: 42, numRuns: 2000 }
    )
  })

  it("law: a header of any JSON is read or refused, and allocates no more than the file holds", () => {
    const size = fc.oneof(fc.nat(9), fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53 - 1, 1e300, -1, 0.5))
    const wild = (length: number) =>
      fc.record(
        {
          dtype: fc.constantFrom("F32", "F64", "U8", "BOOL", "X", "__proto__", "toString"),
          shape: fc.oneof(fc.array(size, { maxLength: 3 }), fc.jsonValue()),
          // Mostly the whole of the data, so that what is behind the checks of the offsets is reached.
          data_offsets: fc.oneof(
            { weight: 3, arbitrary: fc.constant([0, length]) },
            fc.tuple(size, size),
            fc.jsonValue()
          )
        },
        { requiredKeys: ["dtype", "shape", "data_offsets"] }
      )
    const header = (length: number) =>
      fc.oneof(
        fc.dictionary(name, wild(length), { maxKeys: 1 }),
        fc.dictionary(fc.oneof(name, fc.constant("__proto__")), fc.oneof(wild(length), fc.jsonValue()), { maxKeys: 3 })
      )
    const file = fc.uint8Array({ maxLength: 16 }).chain((data) => fc.tuple(header(data.length), fc.constant(data)))
    fc.assert(
      fc.property(file, ([json, data]) => {
        const text = new TextEncoder().encode(JSON.stringify(json))
        const bytes = new Uint8Array(8 + text.length + data.length)
        new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
        bytes.set(text, 8)
        bytes.set(data, 8 + text.length)
        const result = Safetensors.decode(bytes)
        if (Result.isFailure(result)) return
        const held = Object.values(result.success.tensors).reduce((n, t) => n + t.data.byteLength, 0)
        expect(held).toBeLessThanOrEqual(8 * data.length)
      }),
      { seed: 42, numRuns: 2000 }
    )
  })
})
