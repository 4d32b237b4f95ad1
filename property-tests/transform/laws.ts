import { evaluate } from "../../src/core/kernel/index.ts"
import { floatOutputs, floats, type Sample } from "../../src/core/laws/program/index.ts"
import { add, type Expr, input, mul, type Program, Programs, reshape, sum } from "../../src/core/program/index.ts"
import { Shapes, type Tensor } from "../../src/core/tensor/index.ts"
import { grad, jvp, vjp } from "../../src/core/transform/index.ts"

type Values = Readonly<Record<string, Tensor>>

/** Σ a·b over the tensors of `a` and those of the same names in `b`. */
const dot = (a: Values, b: Values): number => {
  let total = 0
  for (const [name, t] of Object.entries(a)) for (const [i, v] of t.data.entries()) total += v * b[name]!.data[i]!
  return total
}

/** Σ |x| over all tensors: the magnitude against which rounding counts. */
const magnitude = (a: Values): number => {
  let total = 0
  for (const t of Object.values(a)) for (const v of t.data) total += Math.abs(v)
  return total
}

const close = (a: number, b: number, scale: number, tolerance: number): boolean =>
  Math.abs(a - b) <= tolerance * (1 + scale)

/** A program's float inputs and outputs as expressions. */
const opened = ({ program, floats: names }: Sample) => {
  const { nodes, outputs } = Programs.toExprs(program)
  const variables = names.map((name) => nodes.find((x) => x.op._tag === "Input" && x.op.name === name)!)
  return { variables, outputs: floatOutputs(outputs) }
}

const numbered = <A>(prefix: string, items: ReadonlyArray<A>): Readonly<Record<string, A>> =>
  Object.fromEntries(items.map((x, i) => [`${prefix}${i}`, x]))

const startingWith = (prefix: string, values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith(prefix)))

/** A random direction for each expression: inputs `prefix0`, ... and their values. */
const directions = (prefix: string, like: ReadonlyArray<Expr>) => ({
  exprs: like.map((x, i) => input(`${prefix}${i}`, x.shape)),
  values: numbered(
    prefix,
    like.map((x, i) => floats(i, prefix, x.shape))
  )
})

/** ⟨u, J v⟩ = ⟨Jᵀ u, v⟩, with J v by forward and Jᵀ u by reverse mode. */
export const adjoint = (sample: Sample): boolean => {
  const { variables, outputs } = opened(sample)
  const v = directions("v", variables)
  const u = directions("u", outputs)
  if (outputs.length === 0 || variables.length === 0) return true
  const program = Programs.fromExprs({
    ...numbered("u", jvp(outputs, variables, v.exprs)),
    ...numbered("v", vjp(outputs, u.exprs, variables))
  })
  const found = evaluate(program, { ...sample.feeds, ...v.values, ...u.values })
  const forward = startingWith("u", found)
  const backward = startingWith("v", found)
  return close(dot(u.values, forward), dot(v.values, backward), magnitude(found), 1e-10)
}

/** Σ w·y over all outputs with fixed random weights w, inputs of that prefix, as a scalar. */
const weighted = (prefix: string, outputs: ReadonlyArray<Expr>) => {
  const w = directions(prefix, outputs)
  const terms = outputs.map((y, i) => reshape(sum(mul(y, w.exprs[i]!)), []))
  return { loss: terms.reduce((a, b) => add(a, b)), weights: w.values }
}

/** The feeds moved by `step` along `v0`, `v1`, ... */
const moved = (feeds: Values, names: ReadonlyArray<string>, v: Values, step: number): Values => {
  const entries = names.map((name, i) => {
    const { shape, data } = feeds[name]!
    const along = v[`v${i}`]!.data
    return [name, { dtype: "f32" as const, shape, data: Float64Array.from(data, (x, k) => x + step * along[k]!) }]
  })
  return { ...feeds, ...Object.fromEntries(entries) }
}

/** Derivative at 0 by central differences at two steps, extrapolated: error of order h⁴. */
const slope = (f: (step: number) => number, h = 1e-3): number => {
  const central = (step: number) => (f(step) - f(-step)) / (2 * step)
  return (4 * central(h / 2) - central(h)) / 3
}

/** The derivative of a loss along a random direction is what differences of the loss say. */
const slopes = (loss: Expr, variables: ReadonlyArray<Expr>, names: ReadonlyArray<string>, feeds: Values): boolean => {
  const v = directions("v", variables)
  const program = Programs.fromExprs({ loss, ...numbered("v", grad(loss, variables)) })
  const lossOnly = Programs.fromExprs({ loss })
  const f = (step: number) => evaluate(lossOnly, moved(feeds, names, v.values, step))["loss"]!.data[0]!
  const backward = startingWith("v", evaluate(program, feeds))
  return close(dot(backward, v.values), slope(f), magnitude(backward) + Math.abs(f(0)), 1e-6)
}

/** Reverse mode agrees with central differences; for smooth programs. */
export const gradient = (sample: Sample): boolean => {
  const { variables, outputs } = opened(sample)
  if (outputs.length === 0 || variables.length === 0) return true
  const { loss, weights } = weighted("w", outputs)
  return slopes(loss, variables, sample.floats, { ...sample.feeds, ...weights })
}

/** The gradient differentiates again: its own gradient agrees with differences of it. */
export const secondGradient = (sample: Sample): boolean => {
  const { variables, outputs } = opened(sample)
  if (outputs.length === 0 || variables.length === 0) return true
  const first = weighted("w", outputs)
  const second = weighted("z", grad(first.loss, variables))
  return slopes(second.loss, variables, sample.floats, { ...sample.feeds, ...first.weights, ...second.weights })
}

/** Same type and, but for rounding relative to the largest element, same values; integers and booleans exactly. */
const sameTensor = (a: Tensor, b: Tensor): boolean => {
  if (a.dtype !== b.dtype || !Shapes.equal(a.shape, b.shape)) return false
  const [x, y] = [Array.from(a.data), Array.from(b.data)]
  const scale = x.reduce((m, v) => Math.max(m, Math.abs(v)), 0)
  return x.every((v, i) => v === y[i] || (a.dtype === "f32" && close(v, y[i]!, scale, 1e-12)))
}

/** A transformed program gives what the original gives. */
export const sameMeaning = (sample: Sample, transform: (program: Program) => Program): boolean => {
  const before = evaluate(sample.program, sample.feeds)
  const after = evaluate(transform(sample.program), sample.feeds)
  return Object.entries(before).every(([name, t]) => sameTensor(t, after[name]!))
}
