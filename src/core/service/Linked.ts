import type { Effect } from "effect"
import type { Shape, Tensor } from "../tensor/index.ts"
import type { BadFeed } from "./errors.ts"

/** A file that tensors lie in. */
export interface LinkedFile {
  /** Absolute, without links: the file itself. */
  readonly path: string
  /** Fails, naming the file, where it has vanished or is no longer as it was when it was linked. */
  readonly check: Effect.Effect<void, BadFeed>
}

/**
 * Floats that lie in a file and are not read yet: little-endian elements of `dtype` in C order fill the bytes from
 * `begin` to `end` of the file, counted from its start.
 */
export interface LinkedTensor {
  readonly file: LinkedFile
  readonly begin: number
  readonly end: number
  readonly dtype: "F32" | "F16" | "BF16"
  readonly shape: Shape
  /** The tensor, as f32. Fails as `file.check` does, or where the file cannot be read. */
  readonly read: Effect.Effect<Tensor, BadFeed>
}

/** Tensors in files, by name. */
export type Links = Readonly<Record<string, LinkedTensor>>
