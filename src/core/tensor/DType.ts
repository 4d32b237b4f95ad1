/**
 * Element types of a Program.
 *
 * `f32` is "the float of the backend": float32 on the fast backends, float64 on `reference`,
 * which is how one Program is both run fast and checked tightly. `i32` counts and indexes,
 * `bool` selects.
 */
export type DType = "f32" | "i32" | "bool"

/** Bytes of one element on the fast backends, for cost reports. */
export const bytes: { readonly [D in DType]: number } = { f32: 4, i32: 4, bool: 1 }
