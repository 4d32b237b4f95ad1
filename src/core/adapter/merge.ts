import { evaluate } from "../kernel/index.ts"
import { add, type Expr, input, matMul, Programs } from "../program/index.ts"
import { type Tensor, Tensors } from "../tensor/index.ts"
import { type Adapter, matrices } from "./Adapter.ts"

type Values = Readonly<Record<string, Tensor>>

/** W + share · scale · B·A as a tensor to be computed: to merge in a backend's memory. */
export const mergedWeight = (weight: Expr, { a, b }: { readonly a: Expr; readonly b: Expr }, scale: number): Expr =>
  add(weight, matMul(b, a, { alpha: scale }))

const changed = ({ targets }: Adapter, base: Values, own: Values, sign: 1 | -1): Values =>
  Object.fromEntries(
    Object.entries(targets).map(([module, { scale }]) => {
      const name = `${module}.weight`
      const { a, b } = matrices(module)
      const [W, A, B] = [base[name]!, own[a]!, own[b]!]
      const symbol = (key: string, { shape }: Tensor): Expr => input(key, shape)
      const sum = mergedWeight(symbol("W", W), { a: symbol("A", A), b: symbol("B", B) }, sign * scale)
      const { data, shape } = evaluate(Programs.fromExprs({ sum }), { W, A, B })["sum"]!
      return [
        name,
        W.data instanceof Float64Array
          ? Tensors.f64(Float64Array.from(data), shape)
          : Tensors.f32(Float32Array.from(data), shape)
      ]
    })
  )

/**
 * The base with the adapter folded in: W + scale·B·A for every target, and the adapter's copies. Computed in double
 * precision and rounded once. A checkpoint of it needs no adapter.
 */
export const merge = (adapter: Adapter, base: Values, own: Values): Values => ({
  ...base,
  ...changed(adapter, base, own, 1),
  ...Object.fromEntries(adapter.saved.map((name) => [name, own[name]!]))
})

/** The inverse of `merge` on the weights of targets, to rounding. What a copy replaced is not known: copies stay. */
export const unmerge = (adapter: Adapter, merged: Values, own: Values): Values => ({
  ...merged,
  ...changed(adapter, merged, own, -1)
})
