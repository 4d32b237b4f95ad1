import { describe, expect, it } from "vitest"
import { zeroWords } from "../src/core/program/index.ts"
import { Tensors } from "../src/core/tensor/index.ts"
import { quantise } from "../src/core/transform/index.ts"

describe("53 memory, section 2", () => {
  it("golden: two blocks by hand", () => {
    // Range -0.5..1: step 0.1, zero 5. Range 0..30 of one sign: step 2, zero 0.
    const row = [-0.5, 1, 0, 0.2, 0.26, -0.1, 0.94, 0.53, 30, 2, 7.5, 0, 0, 29.1, 11.5, 12]
    const { codes, scales, zeros } = quantise(Tensors.f32(row, [1, 16]), 8)
    expect(Array.from(scales.data, (x) => x.toFixed(6))).toEqual(["0.100000", "2.000000"])
    expect(Array.from(zeros.data)).toEqual([5])
    const nibbles = [0, 15, 5, 7, 8, 4, 14, 10, 15, 1, 4, 0, 0, 15, 6, 6]
    const words = [0, 8].map((from) => nibbles.slice(from, from + 8).reduce((w, code, i) => w | (code << (4 * i)), 0))
    expect(Array.from(codes.data)).toEqual(words)
  })

  it("golden: rows of zero points begin at a byte", () => {
    // Three blocks a row: two bytes, the upper half of the second unused. Zeros are 15 where all is negative.
    const data = [...new Array(8).fill(-1), ...new Array(8).fill(1), ...new Array(8).fill(-1)]
    const { zeros } = quantise(Tensors.f32([...data, ...data, ...data], [3, 24]), 8)
    expect(zeros.shape).toEqual([zeroWords(3, 3)])
    expect(Array.from(zeros.data, (w) => (w >>> 0).toString(16))).toEqual(["f0f0f0f", "f0f"])
  })
})
