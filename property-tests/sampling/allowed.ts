import type { SamplingOptions } from "../../src/core/service/index.ts"

const softmax = (xs: ReadonlyArray<number>): ReadonlyArray<number> => {
  const most = Math.max(...xs)
  const weights = xs.map((x) => Math.exp(x - most))
  const total = weights.reduce((a, b) => a + b, 0)
  return weights.map((w) => w / total)
}

const drop = (xs: ReadonlyArray<number>, gone: (id: number) => boolean) => xs.map((x, id) => (gone(id) ? -Infinity : x))

/** The distribution after every filter, step by step on plain arrays: the oracle of the sampler's laws. */
export const allowed = (
  logits: ReadonlyArray<number>,
  before: ReadonlyArray<number>,
  options: SamplingOptions
): ReadonlyArray<number> => {
  const { temperature, topK, topP, minP, repetitionPenalty: penalty } = options
  let xs = logits.map((x, id) => (before.includes(id) ? (x < 0 ? x * penalty : x / penalty) : x))
  const ranked = () => xs.map((_, id) => id).sort((a, b) => xs[b]! - xs[a]! || a - b)
  if (temperature === 0) return xs.map((_, id) => (id === ranked()[0] ? 1 : 0))
  xs = xs.map((x) => x / temperature)
  if (topK > 0) {
    const kept = new Set(ranked().slice(0, topK))
    xs = drop(xs, (id) => !kept.has(id))
  }
  if (topP < 1) {
    const p = softmax(xs)
    const kept = new Set<number>()
    let mass = 0
    for (const id of ranked()) {
      if (mass >= topP) break
      kept.add(id)
      mass += p[id]!
    }
    xs = drop(xs, (id) => !kept.has(id))
  }
  const p = softmax(xs)
  return softmax(drop(xs, (id) => p[id]! < minP * Math.max(...p)))
}
