import type { Kernel, Value } from "./Kernel.ts"
import { aligned } from "./movement.ts"

// Each op spells out its own loop: a shared one that takes the scalar function is several times slower.
type Unary = (args: readonly [Value], out: Value) => void
type Binary = (args: readonly [Value, Value], out: Value) => void

export const neg: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = -x[i]!
}

export const exp: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.exp(x[i]!)
}

export const log: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.log(x[i]!)
}

export const sqrt: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.sqrt(x[i]!)
}

export const reciprocal: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = 1 / x[i]!
}

export const tanh: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.tanh(x[i]!)
}

/** 1/(1 + e^-x), by the form whose exponential cannot overflow. */
const logistic = (x: number): number => {
  const e = Math.exp(-Math.abs(x))
  return x >= 0 ? 1 / (1 + e) : e / (1 + e)
}

export const sigmoid: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = logistic(x[i]!)
}

export const silu: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = x[i]! * logistic(x[i]!)
}

export const softplus: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.max(x[i]!, 0) + Math.log1p(Math.exp(-Math.abs(x[i]!)))
}

/**
 * Below 3 the series 2/√π e^(-x²) Σ 2ⁿ x^(2n+1) / (2n+1)!!, whose terms are all positive; above it the
 * continued fraction of the complement. Both to about 1e-15.
 */
const erfOf = (x: number): number => {
  const a = Math.abs(x)
  if (!(a < 6)) return Math.sign(x)
  const scale = Math.exp(-a * a) / Math.sqrt(Math.PI)
  if (a < 3) {
    let term = a
    let total = a
    for (let n = 1; term > total * 1e-17; n++) {
      term *= (2 * a * a) / (2 * n + 1)
      total += term
    }
    return Math.sign(x) * 2 * scale * total
  }
  let tail = a
  for (let n = 60; n >= 1; n--) tail = a + n / 2 / tail
  return Math.sign(x) * (1 - scale / tail)
}

export const erf: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = erfOf(x[i]!)
}

export const abs: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.abs(x[i]!)
}

export const sign: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.sign(x[i]!)
}

export const relu: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.max(x[i]!, 0)
}

export const cos: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.cos(x[i]!)
}

export const sin: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.sin(x[i]!)
}

export const not: Unary = ([{ data: x }], { data: y }) => {
  for (let i = 0; i < y.length; i++) y[i] = 1 - x[i]!
}

export const pow: Kernel<"Pow"> = ([{ data: x }], { data: y }, { exponent }) => {
  for (let i = 0; i < y.length; i++) y[i] = x[i]! ** exponent
}

export const clip: Kernel<"Clip"> = ([{ data: x }], { data: y }, { min, max }) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.min(Math.max(x[i]!, min), max)
}

/** Storing a float in an integer array truncates towards zero. */
export const cast: Kernel<"Cast"> = ([{ data: x }], { data: y }, { to }) => {
  if (to === "bool") for (let i = 0; i < y.length; i++) y[i] = x[i] === 0 ? 0 : 1
  else y.set(x)
}

export const add: Binary = ([a, b], out) => {
  const [x, y, z] = [aligned(a, out), aligned(b, out), out.data]
  for (let i = 0; i < z.length; i++) z[i] = x[i]! + y[i]!
}

export const sub: Binary = ([a, b], out) => {
  const [x, y, z] = [aligned(a, out), aligned(b, out), out.data]
  for (let i = 0; i < z.length; i++) z[i] = x[i]! - y[i]!
}

export const mul: Binary = ([a, b], out) => {
  const [x, y, z] = [aligned(a, out), aligned(b, out), out.data]
  if (out.dtype === "i32") for (let i = 0; i < z.length; i++) z[i] = Math.imul(x[i]!, y[i]!)
  else for (let i = 0; i < z.length; i++) z[i] = x[i]! * y[i]!
}

export const div: Binary = ([a, b], out) => {
  const [x, y, z] = [aligned(a, out), aligned(b, out), out.data]
  for (let i = 0; i < z.length; i++) z[i] = x[i]! / y[i]!
}

export const max: Binary = ([a, b], out) => {
  const [x, y, z] = [aligned(a, out), aligned(b, out), out.data]
  for (let i = 0; i < z.length; i++) z[i] = Math.max(x[i]!, y[i]!)
}

export const min: Binary = ([a, b], out) => {
  const [x, y, z] = [aligned(a, out), aligned(b, out), out.data]
  for (let i = 0; i < z.length; i++) z[i] = Math.min(x[i]!, y[i]!)
}

export const equal: Binary = ([a, b], out) => {
  const [x, y, z] = [aligned(a, out), aligned(b, out), out.data]
  for (let i = 0; i < z.length; i++) z[i] = x[i]! === y[i]! ? 1 : 0
}

export const less: Binary = ([a, b], out) => {
  const [x, y, z] = [aligned(a, out), aligned(b, out), out.data]
  for (let i = 0; i < z.length; i++) z[i] = x[i]! < y[i]! ? 1 : 0
}

export const greater: Binary = ([a, b], out) => {
  const [x, y, z] = [aligned(a, out), aligned(b, out), out.data]
  for (let i = 0; i < z.length; i++) z[i] = x[i]! > y[i]! ? 1 : 0
}

export const and: Binary = ([a, b], out) => {
  const [x, y, z] = [aligned(a, out), aligned(b, out), out.data]
  for (let i = 0; i < z.length; i++) z[i] = x[i]! & y[i]!
}

export const or: Binary = ([a, b], out) => {
  const [x, y, z] = [aligned(a, out), aligned(b, out), out.data]
  for (let i = 0; i < z.length; i++) z[i] = x[i]! | y[i]!
}

export const where: Kernel<"Where"> = ([condition, a, b], out) => {
  const [c, x, y, z] = [aligned(condition, out), aligned(a, out), aligned(b, out), out.data]
  for (let i = 0; i < z.length; i++) z[i] = c[i] === 1 ? x[i]! : y[i]!
}
