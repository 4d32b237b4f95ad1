import { add, type Carry, Programs, Steps } from "../program/index.ts"
import { type Tensor, Tensors } from "../tensor/index.ts"
import { globalNorm } from "./clipByGlobalNorm.ts"
import type { GradientTransform, Specs, Tree } from "./GradientTransform.ts"
import { inputsUnder, mapKeys, paramName, stateName } from "./resident.ts"

/** The part of a step that turns gradients into new parameters and moments. */
export interface Applied {
  /** `grad_norm` before clipping, metrics of the optimiser, and what goes back to memory. */
  readonly outputs: Tree
  readonly carry: ReadonlyArray<Carry>
  /** Resident names of the optimiser's tensors. */
  readonly state: ReadonlyArray<string>
  /** Scalars of a run after `count` updates. */
  readonly feeds: (count: number) => Readonly<Record<string, Tensor>>
  readonly learningRate: (count: number) => number
}

/** An optimiser on the gradients of parameters, both by the parameters' names. */
export const applied = (
  specs: Specs,
  optimiser: GradientTransform,
  scope: string,
  { params, gradients }: { readonly params: Tree; readonly gradients: Tree }
): Applied => {
  const slot = (name: string) => stateName(name, scope)
  const next = (name: string) => `next/${name}`
  const scalarName = (name: string) => `optimiser/${name}`
  const states = optimiser.init(specs)
  const scalars = Object.fromEntries(Object.keys(optimiser.scalars(0)).map((name) => [name, Programs.spec([])]))
  const output = optimiser.update({
    updates: gradients,
    params,
    state: inputsUnder(states, slot),
    scalars: inputsUnder(scalars, scalarName)
  })
  const changed = Object.fromEntries(
    Object.keys(specs).map((name) => [name, add(params[name]!, output.updates[name]!)])
  )
  const carried = { ...mapKeys(changed, (name) => paramName(name, scope)), ...mapKeys(output.state, slot) }
  return {
    outputs: {
      grad_norm: output.metrics?.["grad_norm"] ?? globalNorm(gradients),
      ...output.metrics,
      ...mapKeys(carried, next)
    },
    carry: Object.keys(carried).map((name) => Steps.replace(next(name), name)),
    state: Object.keys(states).map(slot),
    feeds: (count) =>
      Object.fromEntries(
        Object.entries(optimiser.scalars(count)).map(([name, x]) => [scalarName(name), Tensors.scalar(x)])
      ),
    learningRate: (count) => optimiser.scalars(count)["learning_rate"] ?? 0
  }
}
