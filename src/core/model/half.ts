/** IEEE 754 half precision to single: 1 sign, 5 exponent and 10 fraction bits; exact. */
export const fromHalf = (bits: Uint16Array): Float32Array => {
  const out = new Float32Array(bits.length)
  for (const [i, h] of bits.entries()) {
    const exponent = (h >> 10) & 0x1f
    const fraction = h & 0x3ff
    const magnitude =
      exponent === 0
        ? fraction * 2 ** -24
        : exponent === 31
          ? fraction === 0
            ? Number.POSITIVE_INFINITY
            : Number.NaN
          : (1 + fraction / 1024) * 2 ** (exponent - 15)
    out[i] = h & 0x8000 ? -magnitude : magnitude
  }
  return out
}

/** bfloat16 to single: the upper half of its bits; exact. */
export const fromBFloat16 = (bits: Uint16Array): Float32Array => {
  const wide = new Uint32Array(bits.length)
  for (const [i, b] of bits.entries()) wide[i] = b << 16
  return new Float32Array(wide.buffer)
}
