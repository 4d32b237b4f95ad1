import type { DType, Tensor } from "../tensor/index.ts"

type None = Record<never, never>

/**
 * The parameters of every operation: the closed vocabulary of a Program, on one screen.
 *
 * Each op has exactly one output. Names follow the ONNX operator spec where the meaning is the same.
 * "Last axis" ops take no axis: transpose first. Reductions keep their axes with size 1.
 */
export interface OpParams {
  // Sources
  Input: { readonly name: string }
  Constant: { readonly tensor: Tensor }
  /** Every element equal to `value`; the shape is the node's. */
  Full: { readonly value: number }

  // Elementwise, one operand
  Neg: None
  Exp: None
  Log: None
  Sqrt: None
  Reciprocal: None
  Tanh: None
  Sigmoid: None
  Erf: None
  Abs: None
  Sign: None
  Relu: None
  Cos: None
  Sin: None
  /** log(1 + e^x), without overflow. */
  Softplus: None
  /** x·σ(x). */
  Silu: None
  Not: None
  Pow: { readonly exponent: number }
  Clip: { readonly min: number; readonly max: number }
  Cast: { readonly to: DType }
  /** The identity, with a zero derivative. */
  StopGradient: None

  // Elementwise, two operands: axes agree or are 1
  Add: None
  Sub: None
  Mul: None
  Div: None
  Max: None
  Min: None
  Equal: None
  Less: None
  Greater: None
  And: None
  Or: None
  /** Where(condition, a, b). */
  Where: None

  // Reductions
  ReduceSum: { readonly axes: ReadonlyArray<number> }
  ReduceMax: { readonly axes: ReadonlyArray<number> }
  CumSum: { readonly axis: number; readonly reverse: boolean }
  /** Index of the first maximum along the last axis, which keeps size 1. */
  ArgMax: None
  /** The k largest of the last axis, descending; equal values in order of index. */
  TopKValues: { readonly k: number }
  TopKIndices: { readonly k: number }

  // Linear
  /** alpha · op(a) · op(b): matrices, or batches of equal rank whose leading axes agree or are 1. */
  MatMul: { readonly transA: boolean; readonly transB: boolean; readonly alpha: number }

  /**
   * Floats from 4-bit codes: (code - zero) · scale, blocks of `block` columns sharing zero and scale:
   * Dequantize(codes [N, W] i32, scales [N, W·8/block], zeros [Z] i32) is [N, width]. See specs/53-memory.md.
   */
  Dequantize: { readonly block: number; readonly width: number }

  // Movement
  Reshape: None
  Transpose: { readonly perm: ReadonlyArray<number> }
  Expand: None
  Concat: { readonly axis: number }
  Slice: { readonly axis: number; readonly start: number; readonly end: number }
  /** Zeros before and after along one axis. */
  Pad: { readonly axis: number; readonly before: number; readonly after: number }

  // Indexing
  /** Rows of a table: Gather(table [V, D], ids [...]) is [..., D]. */
  Gather: None
  /** The adjoint of Gather: ScatterRows(ids [...], updates [..., D]) is [rows, D], duplicates added. */
  ScatterRows: { readonly rows: number }
  /** GatherElements(data [..., V], ids [..., K]) is [..., K], along the last axis. */
  GatherElements: None
  /** The adjoint of GatherElements: ScatterElements(ids [..., K], updates [..., K]) is [..., size], duplicates added. */
  ScatterElements: { readonly size: number }

  // Composites with a derivative of their own, over the last axis
  Softmax: None
  LogSoftmax: None
  /** 1 / sqrt(mean(x²) + epsilon), last axis kept with size 1. */
  RmsScale: { readonly epsilon: number }
  /** x · RmsScale(x) · weight: RmsNorm(x [..., D], weight [D]). */
  RmsNorm: { readonly epsilon: number }
  /** softmax(scores) · values: Attend(scores [..., T, S], values [..., S, D]). */
  Attend: None
}

/** The name of an operation. */
export type OpTag = keyof OpParams

/** An operation with its parameters: a closed tagged union. */
export type Op = { [T in OpTag]: { readonly _tag: T } & OpParams[T] }[OpTag]

/** One member of the union. */
export type OpOf<T extends OpTag> = Extract<Op, { readonly _tag: T }>

/** Ops that do not depend on the order of their two operands: each a free law. */
export const commutative = ["Add", "Mul", "Max", "Min", "Equal", "And", "Or"] as const satisfies ReadonlyArray<OpTag>

/** Ops for which f(x, x) = x. */
export const idempotent = ["Max", "Min", "And", "Or"] as const satisfies ReadonlyArray<OpTag>
