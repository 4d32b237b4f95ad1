import type { Kernel } from "./Kernel.ts"

/** Four bits, counted from the lowest of the first word. */
const nibble = (words: ArrayLike<number>, i: number): number => (words[i >> 3]! >>> ((i & 7) * 4)) & 15

export const dequantize: Kernel<"Dequantize"> = ([codes, scales, zeros], { data: y, shape }, { block }) => {
  const [N, width] = shape as readonly [number, number]
  const blocks = scales.shape[1]!
  for (let n = 0; n < N; n++) {
    for (let k = 0; k < width; k++) {
      const b = Math.floor(k / block)
      // Rows of zero points are padded to whole bytes, two to a byte.
      const zero = nibble(zeros.data, n * Math.ceil(blocks / 2) * 2 + b)
      y[n * width + k] = (nibble(codes.data, n * blocks * block + k) - zero) * scales.data[n * blocks + b]!
    }
  }
}
