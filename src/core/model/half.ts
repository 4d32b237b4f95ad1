/** The single of every half: 1 sign, 5 exponent and 10 fraction bits. A table is an order of magnitude faster. */
const singles = Float32Array.from({ length: 65536 }, (_, h) => {
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
  return h & 0x8000 ? -magnitude : magnitude
})

/** IEEE 754 half precision to single; exact. */
export const fromHalf = (bits: Uint16Array): Float32Array<ArrayBuffer> => {
  const out = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) out[i] = singles[bits[i]!]!
  return out
}

/** bfloat16 to single: the upper half of its bits; exact. */
export const fromBFloat16 = (bits: Uint16Array): Float32Array<ArrayBuffer> => {
  const wide = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i]! << 16
  return new Float32Array(wide.buffer)
}

const bitsOf = (values: Float32Array | Float64Array): Uint32Array => {
  const single = values instanceof Float32Array ? values : Float32Array.from(values)
  return new Uint32Array(single.buffer, single.byteOffset, single.length)
}

const isNaNBits = (b: number): boolean => (b & 0x7fffffff) > 0x7f800000

/** Single to bfloat16: the nearest, of two equally near the one whose last bit is 0; too large becomes infinite. */
export const toBFloat16 = (values: Float32Array | Float64Array): Uint16Array<ArrayBuffer> => {
  const bits = bitsOf(values)
  const out = new Uint16Array(bits.length)
  for (let i = 0; i < bits.length; i++) {
    const b = bits[i]!
    // A NaN whose set bits all lie in the lower half would round to an infinity.
    out[i] = isNaNBits(b) ? (b >>> 16) | 0x40 : (b + 0x7fff + ((b >>> 16) & 1)) >>> 16
  }
  return out
}

/** Single to half precision, rounded likewise: 65520 and above become infinite, 2⁻²⁵ and below 0. */
export const toHalf = (values: Float32Array | Float64Array): Uint16Array<ArrayBuffer> => {
  const bits = bitsOf(values)
  const out = new Uint16Array(bits.length)
  for (let i = 0; i < bits.length; i++) {
    const b = bits[i]!
    const sign = (b >>> 16) & 0x8000
    const magnitude = b & 0x7fffffff
    out[i] = sign | (isNaNBits(b) ? 0x7e00 : halfOf(magnitude))
  }
  return out
}

/** The half nearest to a single that is not negative and no NaN, bits to bits. */
const halfOf = (magnitude: number): number => {
  const exponent = (magnitude >>> 23) - 127
  if (exponent > 15) return 0x7c00
  const significand = (magnitude & 0x7fffff) | 0x800000
  // Below 2^-14 the steps no longer shrink: more bits fall off, and the hidden one is stored.
  const dropped = Math.min(13 + Math.max(0, -14 - exponent), 25)
  const kept = significand >>> dropped
  const rest = significand & ((1 << dropped) - 1)
  const middle = 1 << (dropped - 1)
  const up = rest > middle || (rest === middle && (kept & 1) === 1) ? 1 : 0
  // A carry out of the fraction raises the exponent, as it should, up to infinity.
  return (exponent < -14 ? kept : ((exponent + 15) << 10) + (kept & 0x3ff)) + up
}
