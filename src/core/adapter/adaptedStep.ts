import type { Result } from "effect"
import { type BuildError, type Expr, input, Programs, type Step, Steps } from "../program/index.ts"
import type { Adapter } from "./Adapter.ts"
import { adapted } from "./adapted.ts"

/** Where parameters lie in memory: what comes before their names. */
export interface Places {
  /** Of the base, e.g. `param/`. */
  readonly base: string
  /** Of the adapter, e.g. `param/policy/`. */
  readonly own: string
}

/**
 * A step that reads a base's resident parameters, under an adapter that lies in the same memory: for sampling and
 * scoring programs that are built for the base alone. Targets whose weights the step does not read stay as they are.
 */
export const adaptedStep = (adapter: Adapter, step: Step, { base, own }: Places): Result.Result<Step, BuildError> =>
  Programs.attempt(() => {
    const symbols = Object.fromEntries(
      Object.entries(adapter.params).map(([name, { shape, dtype }]) => [name, input(`${own}${name}`, shape, dtype)])
    )
    const copies = Object.fromEntries(adapter.saved.map((name) => [`${base}${name}`, symbols[name]!]))
    const { nodes, outputs } = Programs.toExprs(step.program, copies)
    const read = new Map(
      nodes.flatMap((x): ReadonlyArray<readonly [string, Expr]> => (x.op._tag === "Input" ? [[x.op.name, x]] : []))
    )
    const present = Object.entries(adapter.targets).filter(([module]) => read.has(`${base}${module}.weight`))
    const weights = Object.fromEntries(
      present.map(([module]) => [`${module}.weight`, read.get(`${base}${module}.weight`)!])
    )
    const program = Programs.fromExprs(
      adapted({ ...adapter, targets: Object.fromEntries(present) }, outputs, weights, symbols)
    )
    const names = new Set([...step.resident, ...Object.keys(adapter.params).map((name) => `${own}${name}`)])
    return Steps.make({ ...step, program, resident: Object.keys(Programs.inputs(program)).filter((n) => names.has(n)) })
  })
