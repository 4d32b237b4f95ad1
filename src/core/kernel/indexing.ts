import { IndexOutOfRange } from "./errors.ts"
import type { Kernel, Value } from "./Kernel.ts"

const checked = (op: string, ids: Value, size: number): Value["data"] => {
  const { data } = ids
  for (let i = 0; i < data.length; i++) {
    const index = data[i]!
    if (!(index >= 0 && index < size)) throw new IndexOutOfRange({ op, index, size })
  }
  return data
}

export const gather: Kernel<"Gather"> = ([table, ids], out) => {
  const [rows, d] = table.shape as [number, number]
  for (const [i, row] of checked("Gather", ids, rows).entries()) {
    out.data.set(table.data.subarray(row * d, (row + 1) * d), i * d)
  }
}

export const scatterRows: Kernel<"ScatterRows"> = ([ids, updates], out, { rows }) => {
  const d = out.shape[1]!
  const [from, y] = [updates.data, out.data]
  for (const [i, row] of checked("ScatterRows", ids, rows).entries()) {
    for (let j = 0; j < d; j++) y[row * d + j]! += from[i * d + j]!
  }
}

export const gatherElements: Kernel<"GatherElements"> = ([data, ids], out) => {
  const [v, k] = [data.shape, ids.shape].map((s) => s[s.length - 1]!) as [number, number]
  const [at, x, y] = [checked("GatherElements", ids, v), data.data, out.data]
  for (let i = 0; i < at.length; i++) y[i] = x[Math.floor(i / k) * v + at[i]!]!
}

export const scatterElements: Kernel<"ScatterElements"> = ([ids, updates], out, { size }) => {
  const k = ids.shape[ids.shape.length - 1]!
  const [at, x, y] = [checked("ScatterElements", ids, size), updates.data, out.data]
  for (let i = 0; i < at.length; i++) y[Math.floor(i / k) * size + at[i]!]! += x[i]!
}
