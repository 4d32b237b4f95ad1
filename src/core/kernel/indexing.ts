import { IndexOutOfRange } from "./errors.ts"
import type { Kernel, Value } from "./Kernel.ts"

const checked = (op: string, ids: Value, size: number): Value["data"] => {
  for (const index of ids.data) if (!(index >= 0 && index < size)) throw new IndexOutOfRange({ op, index, size })
  return ids.data
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
  for (const [i, id] of checked("GatherElements", ids, v).entries()) {
    out.data[i] = data.data[Math.floor(i / k) * v + id]!
  }
}

export const scatterElements: Kernel<"ScatterElements"> = ([ids, updates], out, { size }) => {
  const k = ids.shape[ids.shape.length - 1]!
  for (const [i, id] of checked("ScatterElements", ids, size).entries()) {
    out.data[Math.floor(i / k) * size + id]! += updates.data[i]!
  }
}
