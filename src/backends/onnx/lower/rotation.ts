import { Shapes } from "../../../core/tensor/index.ts"
import { type Emitter, microsoft } from "./Emitter.ts"
import { type Plan, type View, whenOp } from "./Plan.ts"

/** ± half · table: one product of a rotation, where `half` is a slice of the rotated tensor. */
interface Term {
  readonly sign: 1 | -1
  readonly half: number
  readonly table: number
}

/** A signed sum of products, as far as it has that form. */
const termsOf = (view: View, id: number, sign: 1 | -1): ReadonlyArray<Term> | undefined => {
  const { op, args } = view.nodes[id]!
  const flipped = sign === 1 ? -1 : 1
  switch (op._tag) {
    case "Neg":
      return termsOf(view, args[0]!, flipped)
    case "Add":
    case "Sub": {
      const left = termsOf(view, args[0]!, sign)
      const right = termsOf(view, args[1]!, op._tag === "Add" ? sign : flipped)
      return left === undefined || right === undefined ? undefined : [...left, ...right]
    }
    case "Mul": {
      for (const [half, table] of [[args[0]!, args[1]!] as const, [args[1]!, args[0]!] as const]) {
        const negated = whenOp(view, half, "Neg")
        const inner = negated === undefined ? half : negated.args[0]!
        if (whenOp(view, inner, "Slice") !== undefined) {
          return [{ sign: negated === undefined ? sign : flipped, half: inner, table }]
        }
      }
      return undefined
    }
    default:
      return undefined
  }
}

/** The pair of a Concat, or of a sum of paddings, that fills the last axis with two equal halves. */
const halvesOf = (view: View, id: number): readonly [number, number] | undefined => {
  const node = view.nodes[id]!
  const last = node.shape.length - 1
  const width = node.shape[last]! / 2
  const joined = whenOp(view, id, "Concat")
  const parts =
    joined !== undefined && joined.op.axis === last
      ? joined.args
      : whenOp(view, id, "Add")
          ?.args.map((a) => whenOp(view, a, "Pad"))
          .sort((a, b) => (a?.op.before ?? 0) - (b?.op.before ?? 0))
          .flatMap((p) => (p !== undefined && p.op.axis === last ? [p.args[0]!] : []))
  const [first, second] = parts ?? []
  if (parts?.length !== 2 || first === undefined || second === undefined) return undefined
  return [first, second].every((p) => view.nodes[p]!.shape[last] === width) ? [first, second] : undefined
}

/** Whether a node is the first or second half of another's last axis, and of which. */
const halfOf = (view: View, id: number): { readonly of: number; readonly second: boolean } | undefined => {
  const slice = whenOp(view, id, "Slice")
  if (slice === undefined) return undefined
  const of = slice.args[0]!
  const { shape } = view.nodes[of]!
  const last = shape.length - 1
  const width = shape[last]! / 2
  const whole = slice.op.axis === last && slice.op.end - slice.op.start === width
  return whole && slice.op.start % width === 0 ? { of, second: slice.op.start === width } : undefined
}

interface Rotation {
  readonly x: number
  readonly cos: number
  readonly sin: number
  /** Turns the other way, as derivatives do. */
  readonly inverse: boolean
}

/** x₁cos - x₂sin beside x₂cos + x₁sin, or with both sines negated. */
const rotationOf = (view: View, id: number): Rotation | undefined => {
  const halves = halvesOf(view, id)
  if (halves === undefined) return undefined
  const sums = halves.map((half) => termsOf(view, half, 1))
  const [a, b] = sums
  if (a?.length !== 2 || b?.length !== 2) return undefined
  const find = (terms: ReadonlyArray<Term>, second: boolean) =>
    terms.find((t) => halfOf(view, t.half)?.second === second)
  const [a1, a2, b1, b2] = [find(a, false), find(a, true), find(b, false), find(b, true)]
  if (a1 === undefined || a2 === undefined || b1 === undefined || b2 === undefined) return undefined
  const sources = new Set([a1, a2, b1, b2].map((t) => halfOf(view, t.half)!.of))
  const rotates =
    a1.table === b2.table && a2.table === b1.table && a1.sign === 1 && b2.sign === 1 && a2.sign !== b1.sign
  if (sources.size !== 1 || !rotates) return undefined
  return { x: [...sources][0]!, cos: a1.table, sin: a2.table, inverse: a2.sign === 1 }
}

/**
 * Tensor and tables as the kernel wants them: x [batch, heads, time, d], one row of the tables for each
 * time, or for each batch and time.
 */
const layoutOf = (view: View, { x, cos, sin }: Rotation) => {
  const shape = view.nodes[x]!.shape
  const table = view.nodes[cos]!.shape
  const rank = shape.length
  if (!Shapes.equal(table, view.nodes[sin]!.shape) || table.length !== rank || rank < 3 || rank > 4) return undefined
  const [d, half] = [shape[rank - 1]!, table[rank - 1]!]
  // The kernel handles heads of 8 numbers and more by vectors.
  if (half !== d / 2 || d % 8 !== 0) return undefined
  const before = shape.slice(0, -2)
  if (table[rank - 2] === 1 && Shapes.equal(table.slice(0, -2), before)) {
    const batch = Shapes.size(before)
    return { shape: [batch, shape[rank - 2]!, 1, d] as const, rows: batch, perBatch: true }
  }
  const [batch, heads, time] = shape as readonly [number, number, number]
  const [tableBatch] = table
  const perBatch = tableBatch === batch
  const fits = rank === 4 && table[1] === 1 && (tableBatch === 1 || perBatch) && table[2] === time
  return fits ? { shape: [batch, heads, time, d] as const, rows: tableBatch! * time, perBatch } : undefined
}

/**
 * Rotary positions (Su et al. 2021), and their derivative, in one pass: the program spells them with two
 * halves, four products and a join.
 */
export const rotation = (view: View, id: number): Plan | undefined => {
  const found = rotationOf(view, id)
  const layout = found === undefined ? undefined : layoutOf(view, found)
  if (found === undefined || layout === undefined) return undefined
  const { shape, rows, perBatch } = layout
  const [batch, , time, d] = shape
  const original = view.nodes[found.x]!.shape
  const reshaped = (e: Emitter, x: string, to: ReadonlyArray<number>, from: ReadonlyArray<number>) =>
    Shapes.equal(to, from) ? x : e.node("Reshape", [x, e.ints(to)])
  return {
    args: [found.x, found.cos, found.sin],
    emit: (e, [x, cos, sin]) => {
      const tables = [rows, d / 2]
      const cosines = e.node("Reshape", [cos!, e.ints(tables)])
      const sines = e.node("Reshape", [sin!, e.ints(tables)])
      // Row b·time + t of the tables, or row t for every batch.
      const positions = e.integers(
        Array.from({ length: batch * time }, (_, i) => (perBatch ? i : i % time)),
        [batch, time]
      )
      const turned = e.node(
        "RotaryEmbedding",
        [reshaped(e, x!, shape, original), positions, cosines, found.inverse ? e.node("Neg", [sines]) : sines],
        { domain: microsoft }
      )
      return reshaped(e, turned, original, shape)
    }
  }
}
