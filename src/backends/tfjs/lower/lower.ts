import { Result } from "effect"
import type { Node, OpTag, Program } from "../../../core/program/index.ts"
import { UnsupportedOp } from "../../../core/service/index.ts"
import { Shapes, type Tensor, Tensors } from "../../../core/tensor/index.ts"
import { type Plan, type Rule, type Rules, type View, view } from "./Plan.ts"

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

const none = ({ dtype }: Node): Tensor["data"] =>
  dtype === "f32" ? new Float32Array(0) : dtype === "i32" ? new Int32Array(0) : new Uint8Array(0)

/** Nothing in, or nothing out: kernels differ in what they make of empty tensors, so none is asked. */
const withoutElements = ({ nodes }: View, id: number): Plan | undefined => {
  const node = nodes[id]!
  if (Shapes.size(node.shape) === 0) {
    const empty = { dtype: node.dtype, shape: node.shape, data: none(node) } as Tensor
    return { args: [], run: (k) => k.make(empty) }
  }
  if (node.op._tag === "Concat" || node.args.every((a) => Shapes.size(nodes[a]!.shape) > 0)) return undefined
  const zeros: Tensor =
    node.dtype === "i32"
      ? Tensors.i32(new Int32Array(Shapes.size(node.shape)), node.shape)
      : Tensors.full(node.shape, 0)
  return { args: [], run: (k) => k.make(zeros) }
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

/** Plans a program, from its outputs down: what a plan has taken in is not computed apart. */
export const lower = (program: Program, rules: Rules, backend: string): Result.Result<Lowered, UnsupportedOp> => {
  const seen = view(program)
  const needed = new Set(seen.visible)
  const plans: Array<[number, Plan]> = []
  for (let id = program.nodes.length - 1; id >= 0; id--) {
    const node = program.nodes[id]!
    if (!needed.has(id) || node.op._tag === "Input" || node.op._tag === "Constant") continue
    // A table indexed by the tag holds the rule of that very op, which the type checker cannot follow.
    const rule = rules[node.op._tag] as Rule<OpTag> | undefined
    const plan = withoutElements(seen, id) ?? rule?.({ view: seen, id, node, op: node.op })
    if (plan === undefined) return Result.fail(new UnsupportedOp({ backend, op: node.op._tag, node: id }))
    plans.push([id, plan])
    for (const a of plan.args) needed.add(a)
  }
  const used = program.nodes.flatMap((node, id) => (needed.has(id) ? [{ id, node }] : []))
  return Result.succeed({
    instructions: withFrees(program, new Map(plans.reverse())),
    constants: used.flatMap(({ id, node: { op } }) => (op._tag === "Constant" ? [{ id, tensor: op.tensor }] : [])),
    inputs: used.flatMap(({ id, node }) => (node.op._tag === "Input" ? [{ id, name: node.op.name, node }] : []))
  })
}
