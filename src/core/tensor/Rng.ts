/**
 * Seeded random streams. A stream is named by a seed and a path, e.g. `Rng.make(seed, "airl", step)`: equal names
 * give equal numbers on every machine, different names independent ones, so that nothing depends on the order in
 * which parts of a program draw. A stream advances as it is drawn from: make one where it is used, never share one.
 *
 * Generator: xoshiro128** (Blackman & Vigna 2018), seeded by a 128-bit FNV-style hash of the name through splitmix32.
 */
export interface Rng {
  /** 128 bits of state; advanced in place by every draw. */
  readonly state: Uint32Array
}

const splitmix = (x: number): readonly [state: number, value: number] => {
  const state = (x + 0x9e3779b9) | 0
  let z = state ^ (state >>> 16)
  z = Math.imul(z, 0x21f0aaad)
  z = z ^ (z >>> 15)
  z = Math.imul(z, 0x735a2d97)
  return [state, (z ^ (z >>> 15)) >>> 0]
}

/** The stream of that name. Numbers and strings in the path are told apart: 1 is not "1". */
export const make = (seed: number | string, ...path: ReadonlyArray<number | string>): Rng => {
  const name = [seed, ...path]
    .map((part) => (typeof part === "number" ? `n${part}` : `s${part.length}:${part}`))
    .join("/")
  const state = new Uint32Array(4)
  for (let lane = 0; lane < 4; lane++) {
    let hash = 0x811c9dc5 ^ Math.imul(lane + 1, 0x9e3779b9)
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
    // Two rounds, since FNV mixes the last characters of a name only weakly into the high bits.
    const [next, first] = splitmix(hash)
    state[lane] = (first ^ splitmix(next ^ hash)[1]) >>> 0
  }
  if (state.every((word) => word === 0)) state[0] = 1
  return { state }
}

const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k))

/** The next 32 bits, as an integer in [0, 2^32). */
export const bits = ({ state: s }: Rng): number => {
  const result = Math.imul(rotl(Math.imul(s[1]!, 5), 7), 9) >>> 0
  const t = s[1]! << 9
  s[2]! ^= s[0]!
  s[3]! ^= s[1]!
  s[1]! ^= s[2]!
  s[0]! ^= s[3]!
  s[2]! ^= t
  s[3] = rotl(s[3]!, 11)
  return result
}

/** Uniform in [0, 1), 53 bits. */
export const uniform = (rng: Rng): number => {
  const high = bits(rng) >>> 5
  const low = bits(rng) >>> 6
  return (high * 67108864 + low) / 9007199254740992
}

/** Uniform integer in 0..n-1. @throws RangeError unless n is a positive integer */
export const int = (rng: Rng, n: number): number => {
  if (!(Number.isInteger(n) && n > 0)) throw new RangeError(`Rng.int needs a positive integer, got ${n}.`)
  return Math.floor(uniform(rng) * n)
}

/** Uniform integer in low..high, both included. */
export const between = (rng: Rng, low: number, high: number): number => low + int(rng, high - low + 1)

/** One element, uniformly. @throws RangeError when there is none */
export const pick = <A>(rng: Rng, items: ReadonlyArray<A>): A => items[int(rng, items.length)]!

/** One index with probability proportional to its weight (>= 0, not all 0). */
export const weighted = (rng: Rng, weights: ReadonlyArray<number>): number => {
  let left = uniform(rng) * weights.reduce((s, w) => s + w, 0)
  for (const [i, w] of weights.entries()) {
    left -= w
    if (left < 0) return i
  }
  return weights.length - 1
}

/** A uniformly random order of the items (Fisher and Yates); the argument is left as it is. */
export const shuffle = <A>(rng: Rng, items: ReadonlyArray<A>): ReadonlyArray<A> => {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = int(rng, i + 1)
    const held = out[i]!
    out[i] = out[j]!
    out[j] = held
  }
  return out
}

/** Standard normal, by Box and Muller. */
export const normal = (rng: Rng): number => {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform(rng)))
  return radius * Math.cos(2 * Math.PI * uniform(rng))
}

/** n normal numbers of mean 0 and the given standard deviation, from the stream `seed/name`. */
export const normals = (seed: number | string, name: string, n: number, deviation = 1): Float32Array => {
  const rng = make(seed, name)
  return Float32Array.from({ length: n }, () => normal(rng) * deviation)
}

/** A 31-bit seed for a stream of its own, e.g. one a sequence. */
export const seed = (rng: Rng): number => bits(rng) >>> 1
