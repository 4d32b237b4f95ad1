import type { Shape } from "../tensor/index.ts"
import { type Kernel, type Value, zeros } from "./Kernel.ts"
import { transpose } from "./movement.ts"
import { broadcastStrides, eachRow } from "./strided.ts"

const turned = (x: Value): Value => {
  const axes = x.shape.map((_, axis) => axis)
  const perm = [...axes.slice(0, -2), axes.length - 1, axes.length - 2]
  const out = zeros(
    x.dtype,
    perm.map((axis) => x.shape[axis]!)
  )
  transpose([x], out, { _tag: "Transpose", perm })
  return out
}

/** y[m, n] += alpha · a[m, k] · b[k, n], four rows of b at a time. */
const product = (
  a: Value["data"],
  b: Value["data"],
  y: Value["data"],
  [m, k, n]: readonly [number, number, number]
) => {
  for (let i = 0; i < m; i++) {
    let l = 0
    for (; l + 3 < k; l += 4) {
      const [a0, a1, a2, a3] = [a[i * k + l]!, a[i * k + l + 1]!, a[i * k + l + 2]!, a[i * k + l + 3]!]
      const [b0, b1, b2, b3] = [l * n, (l + 1) * n, (l + 2) * n, (l + 3) * n]
      for (let j = 0; j < n; j++) {
        y[i * n + j]! += a0 * b[b0 + j]! + a1 * b[b1 + j]! + a2 * b[b2 + j]! + a3 * b[b3 + j]!
      }
    }
    for (; l < k; l++) {
      const al = a[i * k + l]!
      for (let j = 0; j < n; j++) y[i * n + j]! += al * b[l * n + j]!
    }
  }
}

const batchStrides = (x: Value, batch: Shape): ReadonlyArray<number> => {
  const [rows, columns] = x.shape.slice(-2)
  return broadcastStrides(x.shape.slice(0, -2), batch).map((s) => s * rows! * columns!)
}

/** Product of two values whose last axes already face each other. */
export const multiply = (a: Value, b: Value, out: Value): void => {
  const batch = out.shape.slice(0, -2)
  const [m, k] = a.shape.slice(-2) as [number, number]
  const n = b.shape[b.shape.length - 1]!
  let done = 0
  eachRow(batch, batchStrides(a, batch), batchStrides(b, batch), (atA, atB, length, stepA, stepB) => {
    for (let i = 0; i < length; i++, done++) {
      const [fromA, fromB] = [atA + i * stepA, atB + i * stepB]
      product(
        a.data.subarray(fromA, fromA + m * k),
        b.data.subarray(fromB, fromB + k * n),
        out.data.subarray(done * m * n, (done + 1) * m * n),
        [m, k, n]
      )
    }
  })
}

export const matMul: Kernel<"MatMul"> = ([a, b], out, { transA, transB, alpha }) => {
  multiply(transA ? turned(a) : a, transB ? turned(b) : b, out)
  const y = out.data
  if (alpha !== 1) for (let i = 0; i < y.length; i++) y[i]! *= alpha
}
