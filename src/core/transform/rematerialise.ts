import {
  apply,
  concat,
  type Expr,
  greater,
  InvalidProgram,
  type Node,
  named,
  type Program,
  Programs,
  reshape,
  slice,
  sum,
  where
} from "../program/index.ts"
import { Shapes } from "../tensor/index.ts"
import { schedule } from "./schedule.ts"
import { withInputs } from "./withInputs.ts"

export interface RematerialiseOptions {
  /** Outputs of the forward pass; what they need may be computed twice, everything else is the backward pass. */
  readonly forward: ReadonlyArray<string>
  /** Labels of results that the backward pass may read as they are: the borders of what is recomputed together. */
  readonly keep: (label: string) => boolean
}

/** The nodes that outputs of these names need. @throws InvalidProgram for a name that is no output */
const needed = ({ nodes, outputs }: Program, names: ReadonlyArray<string>): ReadonlySet<number> => {
  const found = new Set<number>()
  for (const name of names) {
    const output = outputs.find((o) => o.name === name)
    if (output === undefined) throw new InvalidProgram({ reason: `forward names no output "${name}".` })
    found.add(output.node)
  }
  for (let id = nodes.length - 1; id >= 0; id--) if (found.has(id)) for (const a of nodes[id]!.args) found.add(a)
  return found
}

/** What the passes over one program share; nodes by position. */
interface Plan {
  readonly nodes: ReadonlyArray<Node>
  /** The nodes of the forward pass. */
  readonly early: ReadonlySet<number>
  /** Whether the backward pass may read a node as it is. */
  readonly stays: (id: number) => boolean
  /**
   * The latest kept result that a node is computed from without another in between, -1 where there is none. Nodes of one
   * border are recomputed together.
   */
  readonly borders: ReadonlyArray<number>
}

const planOf = (program: Program, { forward, keep }: RematerialiseOptions): Plan => {
  const { nodes } = program
  const early = needed(program, forward)
  const isKept = (id: number): boolean => {
    const { label } = nodes[id]!
    return label !== undefined && keep(label)
  }
  const borders: Array<number> = []
  for (const { args } of nodes) borders.push(Math.max(-1, ...args.map((a) => (isKept(a) ? a : borders[a]!))))
  return { nodes, early, borders, stays: (id) => !early.has(id) || borders[id] === -1 || isKept(id) }
}

/**
 * The backward pass from the latest border down: what needs only late borders comes first, and what needs an earlier one
 * waits until everything before it is done. Operands stay before users, since a user needs all that they do.
 */
const backwardOrder = ({ nodes, early, stays, borders }: Plan): ReadonlyArray<number> => {
  const earliest: Array<number> = []
  for (const [id, { args }] of nodes.entries()) {
    const own = early.has(id) ? borders[id]! : Number.POSITIVE_INFINITY
    const below = args.flatMap((a) => (early.has(a) && stays(a) ? [] : [earliest[a]!]))
    earliest.push(Math.min(own, ...below))
  }
  const backward = [...nodes.keys()].filter((id) => !early.has(id))
  return backward.sort((a, b) => (earliest[a] === earliest[b] ? a - b : earliest[a]! < earliest[b]! ? 1 : -1))
}

/** A scalar that depends on all of these, true or false as it happens. */
const after = (xs: ReadonlyArray<Expr>): Expr => {
  const firsts = xs.map((x) => slice(reshape(x, [-1]), 0, 0, 1))
  return greater(reshape(sum(concat(firsts, 0)), []), 0)
}

const isFloat = (x: Expr): boolean => x.dtype === "f32" && Shapes.size(x.shape) > 0

/**
 * Gradient checkpointing: the same results, with what the backward pass needs of the forward pass computed again from
 * the nearest kept results when it is needed, in place of being alive all that time (Chen et al. 2016).
 *
 * Kept are results of the labels asked for and whatever is computed from none of them. Each recomputation begins at its
 * border with a selection between two equal tensors, whose condition depends on the gradients that came before: so an
 * engine can neither start it early nor find that it has computed the same already. Apply it last, after `lower`.
 *
 * @throws InvalidProgram for a forward output that does not exist
 */
export const rematerialise = (program: Program, options: RematerialiseOptions): Program => {
  const plan = planOf(program, options)
  const { nodes, early, borders, stays } = plan
  const done = new Map<number, Expr>()
  const copies = new Map<number, Expr>()
  const opened = new Map<number, Expr>()
  const emitted = (id: number, arg: (a: number) => Expr): Expr => {
    const { op, args, shape, dtype, label } = nodes[id]!
    const x = apply(op, args.map(arg), shape, dtype)
    return label === undefined ? x : named(label, x)
  }
  for (const id of nodes.keys())
    if (early.has(id))
      done.set(
        id,
        emitted(id, (a) => done.get(a)!)
      )

  const ends = program.outputs.filter(({ name }) => options.forward.includes(name))
  let before = [...new Set(ends.map(({ node }) => done.get(node)!))].filter(isFloat)
  let readers: Array<Expr> = []
  const reopened = (border: number): Expr => {
    const known = opened.get(border)
    if (known !== undefined) return known
    if (readers.length > 0) [before, readers] = [readers, []]
    const x = done.get(border)!
    // Without a float to wait for, recomputing is still right.
    const again = before.length === 0 ? x : where(after(before), x, x)
    opened.set(border, again)
    return again
  }
  const copy = (id: number): Expr => {
    const known = copies.get(id)
    if (known !== undefined) return known
    const again = emitted(id, (a) => (a === borders[id] ? reopened(a) : stays(a) ? done.get(a)! : copy(a)))
    copies.set(id, again)
    return again
  }
  for (const id of backwardOrder(plan)) {
    const x = emitted(id, (a) => (stays(a) ? done.get(a)! : copy(a)))
    done.set(id, x)
    if (isFloat(x) && nodes[id]!.args.some((a) => !stays(a))) readers.push(x)
  }
  const outputs = Object.fromEntries(program.outputs.map(({ name, node }) => [name, done.get(node)!]))
  return schedule(withInputs(Programs.fromExprs(outputs), program))
}
