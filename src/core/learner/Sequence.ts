import { Batches } from "../sampling/index.ts"
import { type Tensor, Tensors } from "../tensor/index.ts"

/** A prompt and what follows it, as token ids. Text is derived from ids, never ids from text. */
export interface Sequence {
  readonly prompt: ReadonlyArray<number>
  readonly completion: ReadonlyArray<number>
}

/** Length in tokens. */
export const length = (s: Sequence): number => s.prompt.length + s.completion.length

/** Widths are multiples of this or coarser, so that few programs serve all batches. */
const WIDTH_STEP = 16

/** The program width that holds every sequence. */
export const width = (sequences: ReadonlyArray<Sequence>): number =>
  Batches.bucket(
    sequences.reduce((w, s) => Math.max(w, length(s)), 1),
    WIDTH_STEP
  )

/** Rows of ids padded on the right, [rows, width]; rows beyond the sequences are all padding. */
export const ids = (sequences: ReadonlyArray<Sequence>, rows: number, width: number): Tensor => {
  const data = new Int32Array(rows * width)
  for (const [row, s] of sequences.entries()) {
    data.set(s.prompt, row * width)
    data.set(s.completion, row * width + s.prompt.length)
  }
  return Tensors.i32(data, [rows, width])
}

/**
 * One number a completion token, laid over the batch: [rows, width], 0 on prompts and padding.
 * The one mask of loss, scoring and evaluation is `overCompletions` of ones.
 */
export const overCompletions = (
  sequences: ReadonlyArray<Sequence>,
  values: (row: number) => ArrayLike<number>,
  rows: number,
  width: number
): Tensor => {
  const data = new Float32Array(rows * width)
  for (const [row, s] of sequences.entries()) data.set(values(row), row * width + s.prompt.length)
  return Tensors.f32(data, [rows, width])
}

/** 1 on every completion token: [rows, width]. */
export const completionMask = (sequences: ReadonlyArray<Sequence>, rows: number, width: number): Tensor =>
  overCompletions(sequences, (row) => new Float32Array(sequences[row]!.completion.length).fill(1), rows, width)

/** The completion part of a [rows, width] result, a row at a time. */
export const completionsOf = (
  sequences: ReadonlyArray<Sequence>,
  values: ArrayLike<number>,
  width: number
): ReadonlyArray<Float64Array> =>
  sequences.map((s, row) =>
    Float64Array.from(s.completion, (_, t) => values[row * width + s.prompt.length + t] ?? Number.NaN)
  )
