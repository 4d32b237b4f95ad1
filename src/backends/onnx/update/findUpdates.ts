import type { Node, Step } from "../../../core/program/index.ts"
import { Shapes } from "../../../core/tensor/index.ts"
import type { Kernel, KernelOp, KernelValue } from "./Kernel.ts"

/** What fills a slot of a kernel: a tensor of memory, which the kernel may rewrite, or a program node's value. */
export type Slot =
  | { readonly _tag: "Resident"; readonly name: string }
  | { readonly _tag: "Value"; readonly node: number }

/** Tensors of memory that change elementwise, together: one pass over them, in place. */
export interface Update {
  readonly kernel: Kernel
  readonly slots: ReadonlyArray<Slot>
  /** The program nodes whose only element is each scalar. */
  readonly scalars: ReadonlyArray<number>
  /** The carried outputs that this replaces. */
  readonly outputs: ReadonlyArray<string>
  /** Elements of each tensor. */
  readonly length: number
}

const kernelOp = (node: Node): KernelOp | undefined => {
  switch (node.op._tag) {
    case "Abs":
    case "Neg":
    case "Sqrt":
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
    case "Max":
    case "Min":
      return node.op._tag
    default:
      return undefined
  }
}

interface Root {
  readonly output: string
  readonly into: string
  readonly node: number
}

/** Carried outputs that may become updates: whole float tensors whose value nobody else asks for. */
const candidates = (step: Step, frozen: ReadonlySet<string>): ReadonlyArray<Root> => {
  const { nodes, outputs } = step.program
  const uses = (node: number) => outputs.filter((o) => o.node === node).length
  return step.carry.flatMap(({ _tag, output, into }) => {
    const node = outputs.find((o) => o.name === output)!.node
    const alone = uses(node) === 1 && !step.guard.includes(output)
    const writers = step.carry.filter((c) => c.into === into).length
    const whole = _tag === "Replace" && step.resident.includes(into) && !frozen.has(into) && writers === 1
    return whole && alone && nodes[node]!.dtype === "f32" ? [{ output, into, node }] : []
  })
}

/** The nodes that serve nothing but the roots, elementwise: these leave the model. */
const interior = (step: Step, roots: ReadonlyArray<Root>): ReadonlySet<number> => {
  const { nodes, outputs } = step.program
  const rootNodes = new Set(roots.map((r) => r.node))
  // For each node, whether something outside the interior uses it; filled from the outputs down.
  const outside = new Set(outputs.map((o) => o.node).filter((n) => !rootNodes.has(n)))
  const used = new Set(rootNodes)
  const inside = new Set<number>()
  for (let id = nodes.length - 1; id >= 0; id--) {
    const node = nodes[id]!
    if (!outside.has(id) && !used.has(id)) continue
    const same = (a: number) => Shapes.equal(nodes[a]!.shape, node.shape)
    const joins =
      !outside.has(id) &&
      kernelOp(node) !== undefined &&
      node.dtype === "f32" &&
      Shapes.size(node.shape) > 1 &&
      node.args.every((a) => same(a) || Shapes.size(nodes[a]!.shape) === 1)
    if (joins) inside.add(id)
    for (const a of node.args) (joins && same(a) ? used : outside).add(a)
  }
  return inside
}

/** Nodes of the interior that a root is made of, in order of evaluation, and what they read. */
const cone = (nodes: ReadonlyArray<Node>, inside: ReadonlySet<number>, root: number): ReadonlySet<number> => {
  const found = new Set<number>()
  const stack = [root]
  while (stack.length > 0) {
    const id = stack.pop()!
    if (found.has(id)) continue
    found.add(id)
    if (inside.has(id)) stack.push(...nodes[id]!.args)
  }
  return found
}

/** Roots that share a large value belong to one kernel. */
const groups = (
  nodes: ReadonlyArray<Node>,
  cones: ReadonlyArray<{ readonly root: Root; readonly cone: ReadonlySet<number> }>
): ReadonlyArray<{ readonly roots: ReadonlyArray<Root>; readonly cone: ReadonlySet<number> }> => {
  const result: Array<{ roots: Array<Root>; cone: Set<number> }> = []
  const owner = new Map<number, { roots: Array<Root>; cone: Set<number> }>()
  for (const { root, cone } of cones) {
    const large = [...cone].filter((id) => Shapes.size(nodes[id]!.shape) > 1)
    const joined = [...new Set(large.flatMap((id) => owner.get(id) ?? []))]
    const group = joined[0] ?? { roots: [], cone: new Set<number>() }
    if (joined.length === 0) result.push(group)
    for (const other of joined.slice(1)) {
      result.splice(result.indexOf(other), 1)
      group.roots.push(...other.roots)
      for (const id of other.cone) group.cone.add(id)
    }
    group.roots.push(root)
    for (const id of cone) group.cone.add(id)
    for (const id of group.cone) if (Shapes.size(nodes[id]!.shape) > 1) owner.set(id, group)
  }
  return result
}

const update = (
  step: Step,
  resident: ReadonlySet<string>,
  inside: ReadonlySet<number>,
  { roots, cone }: { readonly roots: ReadonlyArray<Root>; readonly cone: ReadonlySet<number> }
): Update => {
  const { nodes } = step.program
  const slots: Array<Slot> = []
  const slotOf = (slot: Slot): number => {
    const known = slots.findIndex((s) =>
      s._tag === "Resident"
        ? slot._tag === "Resident" && s.name === slot.name
        : slot._tag === "Value" && s.node === slot.node
    )
    return known < 0 ? slots.push(slot) - 1 : known
  }
  const scalars: Array<number> = []
  const values: Array<KernelValue> = []
  const index = new Map<number, number>()
  for (const id of [...cone].sort((a, b) => a - b)) {
    const node = nodes[id]!
    const value = (): KernelValue => {
      if (inside.has(id)) return { _tag: "Apply", op: kernelOp(node)!, args: node.args.map((a) => index.get(a)!) }
      const { op } = node
      if (Shapes.size(node.shape) === 1) {
        if (op._tag === "Full") return { _tag: "Constant", value: op.value }
        if (op._tag === "Constant") return { _tag: "Constant", value: op.tensor.data[0]! }
        return { _tag: "Scalar", index: scalars.push(id) - 1 }
      }
      return op._tag === "Input" && resident.has(op.name)
        ? { _tag: "Operand", slot: slotOf({ _tag: "Resident", name: op.name }) }
        : { _tag: "Operand", slot: slotOf({ _tag: "Value", node: id }) }
    }
    index.set(id, values.push(value()) - 1)
  }
  const stores = roots.map((r) => ({ value: index.get(r.node)!, slot: slotOf({ _tag: "Resident", name: r.into }) }))
  return {
    kernel: { values, stores, slots: slots.length, scalars: scalars.length },
    slots,
    scalars,
    outputs: roots.map((r) => r.output),
    length: Shapes.size(nodes[roots[0]!.node]!.shape)
  }
}

/**
 * The carried outputs of a step that are elementwise functions of memory, of numbers, and of values that
 * the rest of the program computes anyway: an optimiser's update of a parameter and its moments.
 *
 * Memory that is frozen counts as a value, since the program keeps reading what it was. Run in place after the model, they cost one pass over memory in place of a dozen, and only gradients
 * have to leave the engine, not new parameters and moments.
 */
export const findUpdates = (step: Step, frozen: ReadonlySet<string>): ReadonlyArray<Update> => {
  const { nodes } = step.program
  const resident = new Set(step.resident.filter((name) => !frozen.has(name)))
  const roots = candidates(step, frozen)
  const inside = interior(step, roots)
  const cones = roots.filter((r) => inside.has(r.node)).map((root) => ({ root, cone: cone(nodes, inside, root.node) }))
  const found = groups(nodes, cones).map((group) => update(step, resident, inside, group))
  // A tensor that one update rewrites must not be read by another: the order would matter.
  const written = new Map(found.flatMap((u) => u.kernel.stores.map((s) => [nameOf(u.slots[s.slot]!), u] as const)))
  const crossed = new Set(
    found.flatMap((u) =>
      u.slots.flatMap((slot) => {
        const writer = written.get(nameOf(slot))
        return slot._tag === "Resident" && writer !== undefined && writer !== u ? [u, writer] : []
      })
    )
  )
  return found.filter((u) => !crossed.has(u))
}

const nameOf = (slot: Slot): string => (slot._tag === "Resident" ? slot.name : "")
