import { add, type Expr, InvalidProgram, matMul, type OpOf, order } from "../program/index.ts"
import { type Adapter, matrices } from "./Adapter.ts"

type Params = Readonly<Record<string, Expr>>

/** scale · B·A, to be added to a weight [out, in]. */
interface Delta {
  readonly module: string
  readonly a: Expr
  readonly b: Expr
  readonly scale: number
}

/** Inputs of one name are one variable, however many objects stand for it. */
const variable = (x: Expr): Expr | string => (x.op._tag === "Input" ? x.op.name : x)

const held = (params: Params, name: string, whose: string): Expr => {
  const found = params[name]
  if (found === undefined) throw new InvalidProgram({ reason: `${whose} has no parameter "${name}".` })
  return found
}

const deltasOf = ({ targets }: Adapter, base: Params, own: Params): ReadonlyMap<Expr | string, Delta> =>
  new Map(
    Object.entries(targets).map(([module, { scale }]) => {
      const { a, b } = matrices(module)
      const delta = { module, a: held(own, a, "the adapter"), b: held(own, b, "the adapter"), scale }
      return [variable(held(base, `${module}.weight`, "the base")), delta]
    })
  )

/**
 * The product of the update with what a weight is multiplied by: alpha · op(x) · op(scale·B·A), or the other way round.
 * The two thin matrices are applied one after the other, and B·A is never formed.
 */
const product = (x: Expr, onLeft: boolean, op: OpOf<"MatMul">, { a, b, scale }: Delta): Expr => {
  const alpha = op.alpha * scale
  if (onLeft) {
    const { transA: turned, transB } = op
    const inner = matMul(turned ? b : a, x, { transA: turned, transB })
    return matMul(turned ? a : b, inner, { transA: turned, alpha })
  }
  const { transB: turned, transA } = op
  const inner = matMul(x, turned ? a : b, { transA, transB: turned })
  return matMul(inner, turned ? b : a, { transB: turned, alpha })
}

const refuse = ({ module }: Delta, x: Expr): never => {
  throw new InvalidProgram({
    reason: `${x.op._tag} reads the weight of "${module}", which an adapter changes in matrix products only.`
  })
}

/**
 * The same tensors with every weight W of a target module replaced by W + scale·B·A: each product with W, forward or in
 * a gradient, becomes a sum of two, so x·Wᵀ becomes x·Wᵀ + scale·(x·Aᵀ)·Bᵀ.
 *
 * A pure rewriting of whatever program reads the weights: a forward pass, a decoding step, a loss. Differentiated
 * afterwards, the result gives the gradients of A and B without one of W.
 *
 * @param base holds `<module>.weight` of every target, as the outputs read it
 * @param own holds the adapter's matrices
 * @throws InvalidProgram where one is missing, or where a weight is read by anything but a matrix product
 */
export const adapted = <T extends Params>(adapter: Adapter, outputs: T, base: Params, own: Params): T => {
  const deltas = deltasOf(adapter, base, own)
  const done = new Map<Expr, Expr>()
  const rewritten = (x: Expr): Expr => {
    const args = x.args.map((arg) => done.get(arg)!)
    const y = args.every((arg, i) => arg === x.args[i]) ? x : { ...x, args }
    const at = x.args.findIndex((arg) => deltas.has(variable(arg)))
    const weight = x.args[at]
    if (weight === undefined) return y
    const delta = deltas.get(variable(weight))!
    if (x.op._tag !== "MatMul" || deltas.has(variable(x.args[1 - at]!))) return refuse(delta, x)
    return add(y, product(args[1 - at]!, at === 0, x.op, delta))
  }
  for (const x of order(Object.values(outputs))) done.set(x, rewritten(x))
  return Object.fromEntries(Object.entries(outputs).map(([name, x]) => [name, done.get(x)!])) as T
}

/**
 * What a model reads under an adapter: `read` is given the base's parameters with the adapter's copies in their place,
 * and its results are adapted. Without an adapter the same is `read(base)`: the reference policy.
 *
 * @param base parameters of the base, frozen; any number of adapters may share them
 * @param own the adapter's parameters, named as in `adapter.params`
 */
export const withAdapter = <T extends Params>(
  adapter: Adapter,
  base: Params,
  own: Params,
  read: (params: Params) => T
): T => {
  const copies = Object.fromEntries(adapter.saved.map((name) => [name, held(own, name, "the adapter")]))
  const params = { ...base, ...copies }
  return adapted(adapter, read(params), params, own)
}
