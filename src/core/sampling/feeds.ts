import type { Feeds, SamplingOptions } from "../service/index.ts"
import { type Tensor, Tensors } from "../tensor/index.ts"
import { type Form, knobs } from "./Form.ts"
import { type Row, uniform } from "./Row.ts"

/** A key so unlikely that its weight is 0 in any float, yet finite. */
const hidden = -1e9

/** Where the rows of a running batch stand: B slots, of which those past the last row repeat the first one unread. */
export interface Slots {
  readonly B: number
  /** Columns of the padded prompts. */
  readonly width: number
  readonly rows: ReadonlyArray<Row>
}

/** B x n numbers, one row a slot. */
const table = (slots: Slots, n: number, fill: (row: Row, put: (column: number, value: number) => void) => void) => {
  const data = new Float32Array(slots.B * n)
  for (let b = 0; b < slots.B; b++) {
    fill(slots.rows[b] ?? slots.rows[0]!, (column, value) => {
      data[b * n + column] = value
    })
  }
  return data
}

const ints = (slots: Slots, of: (row: Row) => number): Tensor => {
  const { B, rows } = slots
  return Tensors.i32(
    Int32Array.from({ length: B }, (_, b) => of(rows[b] ?? rows[0]!)),
    [B]
  )
}

const knobFeeds = (form: Form, options: SamplingOptions): Feeds =>
  Object.fromEntries(Object.entries(knobs(form, options)).map(([name, value]) => [name, Tensors.f32([value], [])]))

/** One uniform a token; rows that have ended need none, and neither do greedy forms. */
const uniforms = (form: Form, slots: Slots, n: number): Feeds => {
  if (form.greedy) return {}
  const data = new Float32Array(slots.B * n).fill(0.5)
  for (const [b, row] of slots.rows.entries()) {
    if (row.finishReason !== undefined) continue
    for (let j = 0; j < n; j++) data[b * n + j] = uniform(row)
  }
  return { uniforms: Tensors.f32(data, [slots.B, n]) }
}

const history = (form: Form, slots: Slots, n: number): Feeds => {
  if (!form.penalised) return {}
  const ids = new Int32Array(slots.B * n)
  const weights = new Float32Array(slots.B * n)
  for (let b = 0; b < slots.B; b++) {
    const row = slots.rows[b] ?? slots.rows[0]!
    for (const [j, id] of [...row.prompt, ...row.completion].entries()) {
      if (j >= n) break
      ids[b * n + j] = id
      weights[b * n + j] = 1
    }
  }
  return { history: Tensors.i32(ids, [slots.B, n]), historyWeights: Tensors.f32(weights, [slots.B, n]) }
}

/** Entry p·owners.length + b is p·B + owners[b]: where each of n cached positions of each new row lies among B rows. */
const sources = (n: number, B: number, owners: ReadonlyArray<number>): Tensor => {
  const width = owners.length
  return Tensors.i32(
    Int32Array.from({ length: n * width }, (_, i) => Math.floor(i / width) * B + owners[i % width]!),
    [n * width]
  )
}

/** What `prefillStep` is fed: `owners` says for each slot which of the prompts it continues. */
export const prefillFeeds = (
  form: Form,
  options: SamplingOptions,
  slots: Slots,
  {
    prompts,
    owners
  }: { readonly prompts: ReadonlyArray<ReadonlyArray<number>>; readonly owners: ReadonlyArray<number> }
): Feeds => {
  const { B, width } = slots
  const ids = new Int32Array(prompts.length * width)
  for (const [r, prompt] of prompts.entries()) ids.set(prompt, (r + 1) * width - prompt.length)
  return {
    ids: Tensors.i32(ids, [prompts.length, width]),
    start: Tensors.i32(
      prompts.map((prompt) => width - prompt.length),
      [prompts.length]
    ),
    ...(prompts.length === B
      ? {}
      : { owners: Tensors.i32(owners, [B]), sources: sources(width, prompts.length, owners) }),
    ...uniforms(form, slots, 1),
    ...history(form, slots, width),
    ...knobFeeds(form, options)
  }
}

/** What `decodeStep` is fed when `drawn` tokens a row have been drawn, `filled` cache rows are written, and it reads `rows`. */
export const decodeFeeds = (
  form: Form,
  options: SamplingOptions,
  slots: Slots,
  at: { readonly drawn: number; readonly filled: number; readonly rows: number; readonly unroll: number }
): Feeds => {
  const { B, width } = slots
  const mask = table(slots, at.rows, ({ prompt }, put) => {
    for (let column = 0; column < width - prompt.length; column++) put(column, hidden)
    for (let column = at.filled; column < at.rows; column++) put(column, hidden)
  })
  return {
    tokens: ints(slots, (row) => row.completion[row.completion.length - 1]!),
    positions: ints(slots, (row) => row.prompt.length + at.drawn - 1),
    mask: Tensors.f32(mask, [B, 1, 1, at.rows]),
    ...uniforms(form, slots, at.unroll),
    ...history(form, slots, at.rows + 1),
    ...knobFeeds(form, options)
  }
}

/** What `compactStep` is fed: `owners` says which row of B each new one was. */
export const compactFeeds = (B: number, rows: number, owners: ReadonlyArray<number>): Feeds => ({
  sources: sources(rows, B, owners)
})
