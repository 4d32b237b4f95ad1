import type { Op, OpTag } from "../../../../core/program/index.ts"
import type { DType } from "../../../../core/tensor/index.ts"

/**
 * WGSL functions that answer NaN and infinities as programs mean them, and do not overflow on the way. Sine and cosine
 * of WGSL may be wrong by 5e-4: `rf_wave` takes the angle to within π/4 of a multiple of π/2 in three parts of it, and goes
 * on with the polynomials that are best there.
 */
export const functions = `
fn rf_exp(x : f32) -> f32 { return select(exp(x), x, isnan(x)); }
fn rf_wave(x : f32, shift : i32) -> f32 {
  let k = round(x * 0.636619772);
  let r = ((x - k * 1.5703125) - k * 4.837512969970703e-4) - k * 7.549789954891888e-8;
  let s = r * r;
  let odd = r + r * s * (-0.16666667 + s * (8.3333310e-3 + s * (-1.9839336e-4 + s * 2.7183114e-6)));
  let even = 1.0 - 0.5 * s + s * s * (4.1666646e-2 + s * (-1.3888378e-3 + s * 2.4760495e-5));
  let quarter = (i32(k) + shift) & 3;
  let y = select(odd, even, (quarter & 1) == 1);
  return select(select(y, -y, quarter >= 2), uniforms.NAN, isnan(x) || abs(x) == uniforms.INFINITY);
}
fn rf_log(x : f32) -> f32 { return select(log(x), uniforms.NAN, x < 0.0 || isnan(x)); }
fn rf_sqrt(x : f32) -> f32 { return select(sqrt(x), uniforms.NAN, x < 0.0 || isnan(x)); }
fn rf_max(x : f32, y : f32) -> f32 { return select(select(y, x, x > y), x + y, isnan(x) || isnan(y)); }
fn rf_min(x : f32, y : f32) -> f32 { return select(select(y, x, x < y), x + y, isnan(x) || isnan(y)); }
fn rf_sigmoid(x : f32) -> f32 { let e = exp(-abs(x)); return select(e, 1.0, x >= 0.0) / (1.0 + e) + 0.0 * e; }
fn rf_tanh(x : f32) -> f32 { return select(tanh(clamp(x, -15.0, 15.0)), x, isnan(x)); }
fn rf_softplus(x : f32) -> f32 {
  let e = exp(-abs(x));
  let u = 1.0 + e;
  return rf_max(x, 0.0) + select(log(u) * e / (u - 1.0), e, u == 1.0);
}
fn rf_erf(x : f32) -> f32 {
  let a = min(abs(x), 6.0);
  let t = 1.0 / (1.0 + 0.3275911 * a);
  let p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return select(sign(x) * (1.0 - p * exp(-a * a)), x, isnan(x));
}
fn rf_pow(x : f32, y : f32, odd : bool, whole : bool) -> f32 {
  let p = pow(abs(x), y);
  return select(select(select(p, -p, odd), uniforms.NAN, !whole), p, x >= 0.0) + 0.0 * select(0.0, x, isnan(x));
}
fn rf_div(x : i32, y : i32) -> i32 { return select(x / select(y, 1, y == 0), 0, y == 0); }
`

/** Elements of a dtype in a shader; booleans are 0 and 1. */
export const wgslType: { readonly [D in DType]: string } = { f32: "f32", i32: "i32", bool: "i32" }

/** A number as WGSL writes it. */
export const literal = (value: number, dtype: DType): string => {
  if (dtype !== "f32") return value < 0 ? `(${value})` : `${value}`
  const single = Math.fround(value)
  if (Number.isNaN(single)) return "uniforms.NAN"
  if (!Number.isFinite(single)) return single > 0 ? "uniforms.INFINITY" : "(-uniforms.INFINITY)"
  return Object.is(single, -0) || single < 0 ? `(-${Math.abs(single)}f)` : `${single}f`
}

const flag = (condition: string): string => `select(0, 1, ${condition})`

const power = (x: string, e: number): string => {
  switch (e) {
    case 0:
      return "1f"
    case 1:
      return x
    case 2:
      return `(${x} * ${x})`
    case 3:
      return `(${x} * ${x} * ${x})`
    case 0.5:
      return `rf_sqrt(${x})`
    case -1:
      return `(1f / ${x})`
    default:
      return `rf_pow(${x}, ${literal(e, "f32")}, ${Math.abs(e % 2) === 1}, ${Number.isInteger(e)})`
  }
}

const clipped = (x: string, min: number, max: number): string => {
  const [low, high] = [literal(min, "f32"), literal(max, "f32")]
  return `select(select(${x}, ${high}, ${x} > ${high}), ${low}, ${x} < ${low})`
}

const cast = (x: string, from: DType, to: DType): string => {
  if (to === "bool") return flag(`${x} != ${literal(0, from)}`)
  return to === "f32" ? `f32(${x})` : from === "f32" ? `i32(${x})` : x
}

/** The operation on single elements, already in variables, as a WGSL expression; `undefined` where it is none. */
export const scalarExpression = (op: Op, args: ReadonlyArray<string>, from: DType): string | undefined => {
  const [a, b, c] = args as readonly [string, string, string]
  switch (op._tag) {
    case "Neg":
      return `(-${a})`
    case "Exp":
      return `rf_exp(${a})`
    case "Log":
      return `rf_log(${a})`
    case "Sqrt":
      return `rf_sqrt(${a})`
    case "Reciprocal":
      return `(1f / ${a})`
    case "Tanh":
      return `rf_tanh(${a})`
    case "Sigmoid":
      return `rf_sigmoid(${a})`
    case "Erf":
      return `rf_erf(${a})`
    case "Abs":
      return `abs(${a})`
    case "Sign":
      return `select(sign(${a}), ${a}, isnan(${a}))`
    case "Relu":
      return `select(${a}, 0f, ${a} < 0f)`
    case "Cos":
      return `rf_wave(${a}, 1)`
    case "Sin":
      return `rf_wave(${a}, 0)`
    case "Softplus":
      return `rf_softplus(${a})`
    case "Silu":
      return `(${a} * rf_sigmoid(${a}))`
    case "Not":
      return `(1 - ${a})`
    case "Pow":
      return power(a, op.exponent)
    case "Clip":
      return clipped(a, op.min, op.max)
    case "Cast":
      return cast(a, from, op.to)
    case "StopGradient":
      return a
    case "Add":
      return `(${a} + ${b})`
    case "Sub":
      return `(${a} - ${b})`
    case "Mul":
      return `(${a} * ${b})`
    case "Div":
      return from === "f32" ? `(${a} / ${b})` : `rf_div(${a}, ${b})`
    case "Max":
      return from === "f32" ? `rf_max(${a}, ${b})` : `max(${a}, ${b})`
    case "Min":
      return from === "f32" ? `rf_min(${a}, ${b})` : `min(${a}, ${b})`
    case "Equal":
      return flag(`${a} == ${b}`)
    case "Less":
      return flag(`${a} < ${b}`)
    case "Greater":
      return flag(`${a} > ${b}`)
    case "And":
      return `(${a} & ${b})`
    case "Or":
      return `(${a} | ${b})`
    case "Where":
      return `select(${c}, ${b}, ${a} == 1)`
    default:
      return undefined
  }
}

const views: ReadonlySet<OpTag> = new Set<OpTag>(["Reshape", "Expand", "Slice", "Transpose", "Full"])

/** Ops that only say which element is read: computing them where they are read costs next to nothing. */
export const isView = (tag: OpTag): boolean => views.has(tag)

/** Ops whose every element comes of few elements of the operands. */
export const isFusable = (op: Op): boolean =>
  isView(op._tag) ||
  op._tag === "Pad" ||
  (op._tag === "Concat" ? true : scalarExpression(op, ["a", "b", "c"], "f32") !== undefined)
