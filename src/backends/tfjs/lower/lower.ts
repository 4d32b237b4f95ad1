import { Result } from "effect"
import { plan } from "../../../core/lowering/index.ts"
import type { Node, Program } from "../../../core/program/index.ts"
import type { UnsupportedOp } from "../../../core/service/index.ts"
import type { Tensor } from "../../../core/tensor/index.ts"
import type { Plan, Rules } from "./Plan.ts"

/** One step of an interpretation. */
export interface Instruction {
  readonly id: number
  readonly plan: Plan
  /** Nodes whose value nobody needs any more. */
  readonly frees: ReadonlyArray<number>
}

/** A program as its interpreter follows it. */
export interface Lowered {
  readonly instructions: ReadonlyArray<Instruction>
  /** Constants that instructions or outputs need. */
  readonly constants: ReadonlyArray<{ readonly id: number; readonly tensor: Tensor }>
  /** Inputs that instructions or outputs need, by node. */
  readonly inputs: ReadonlyArray<{ readonly id: number; readonly name: string; readonly node: Node }>
}

/** Which nodes each instruction is the last to need. */
const withFrees = (program: Program, plans: ReadonlyMap<number, Plan>): ReadonlyArray<Instruction> => {
  const kept = new Set(program.outputs.map((o) => o.node))
  const last = new Map<number, number>()
  for (const [id, { args }] of plans) {
    last.set(id, id)
    for (const a of args) last.set(a, id)
  }
  const freed = new Map<number, Array<number>>()
  for (const [id, at] of last) if (!kept.has(id)) freed.set(at, [...(freed.get(at) ?? []), id])
  return [...plans].map(([id, plan]) => ({ id, plan, frees: freed.get(id) ?? [] }))
}

/** Plans a program: what a plan has taken in is not computed apart. */
export const lower = (program: Program, rules: Rules, backend: string): Result.Result<Lowered, UnsupportedOp> =>
  Result.map(plan(program, { backend, rules, see: (view) => view }), ({ view, plans }) => {
    const used = program.nodes.flatMap((node, id) => (view.needed(id) ? [{ id, node }] : []))
    return {
      instructions: withFrees(program, plans),
      constants: used.flatMap(({ id, node: { op } }) => (op._tag === "Constant" ? [{ id, tensor: op.tensor }] : [])),
      inputs: used.flatMap(({ id, node }) => (node.op._tag === "Input" ? [{ id, name: node.op.name, node }] : []))
    }
  })
