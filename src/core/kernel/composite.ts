import { type Kernel, type Value, zeros } from "./Kernel.ts"
import { multiply } from "./linear.ts"

const width = (x: Value): number => x.shape[x.shape.length - 1]!

/** The largest of x[from, to); NaN if one is there. */
const largest = (x: Value["data"], from: number, to: number): number => {
  let top = -Infinity
  for (let i = from; i < to; i++) top = Math.max(top, x[i]!)
  return top
}

export const softmax: Kernel<"Softmax"> = ([{ data: x, ...type }], { data: y }) => {
  const n = width({ data: x, ...type })
  for (let row = 0; row < x.length; row += n) {
    const top = largest(x, row, row + n)
    let total = 0
    for (let i = row; i < row + n; i++) total += y[i] = Math.exp(x[i]! - top)
    for (let i = row; i < row + n; i++) y[i]! /= total
  }
}

export const logSoftmax: Kernel<"LogSoftmax"> = ([{ data: x, ...type }], { data: y }) => {
  const n = width({ data: x, ...type })
  for (let row = 0; row < x.length; row += n) {
    const top = largest(x, row, row + n)
    let total = 0
    for (let i = row; i < row + n; i++) total += Math.exp(x[i]! - top)
    const logTotal = Math.log(total)
    // Not x - (top + logTotal): a large maximum would swallow a small logarithm.
    for (let i = row; i < row + n; i++) y[i] = x[i]! - top - logTotal
  }
}

/** 1/√(mean(x²) + epsilon) of one row. */
const scaleOf = (x: Value["data"], from: number, n: number, epsilon: number): number => {
  let squares = 0
  for (let i = from; i < from + n; i++) squares += x[i]! * x[i]!
  return 1 / Math.sqrt(squares / n + epsilon)
}

export const rmsScale: Kernel<"RmsScale"> = ([x], { data: y }, { epsilon }) => {
  const n = width(x)
  for (let row = 0; row < y.length; row++) y[row] = scaleOf(x.data, row * n, n, epsilon)
}

export const rmsNorm: Kernel<"RmsNorm"> = ([x, weight], { data: y }, { epsilon }) => {
  const n = width(x)
  for (let row = 0; row < y.length; row += n) {
    const scale = scaleOf(x.data, row, n, epsilon)
    for (let i = 0; i < n; i++) y[row + i] = x.data[row + i]! * scale * weight.data[i]!
  }
}

export const attend: Kernel<"Attend"> = ([scores, values], out) => {
  const weights = zeros("f32", scores.shape)
  softmax([scores], weights, { _tag: "Softmax" })
  multiply(weights, values, out)
}
