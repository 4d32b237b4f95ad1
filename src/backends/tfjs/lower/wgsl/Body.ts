import type { Node } from "../../../../core/program/index.ts"
import { type Shape, Shapes } from "../../../../core/tensor/index.ts"
import type { View } from "../Plan.ts"
import { literal, scalarExpression, wgslType } from "./scalars.ts"

/** Nodes that one shader computes, and those whose values it reads. */
export interface Group {
  readonly members: ReadonlySet<number>
  readonly leaves: ReadonlyArray<number>
}

/** The index of an element of `from`, given that of the element of `to` that it is repeated into. */
const repeated = (index: string, from: Shape, to: Shape): string => {
  if (Shapes.size(from) === Shapes.size(to)) return index
  if (Shapes.size(from) === 1) return "0"
  return indexed(
    index,
    to,
    from.map((d, axis) => (d === 1 ? 0 : Shapes.strides(from)[axis]!))
  )
}

/** Σ coordinate·stride over the axes of a shape, for an element given by its row-major index. */
export const indexed = (index: string, shape: Shape, strides: ReadonlyArray<number>): string => {
  const own = Shapes.strides(shape)
  const terms = shape.flatMap((d, axis) => {
    const stride = strides[axis]!
    if (d === 1 || stride === 0) return []
    const whole = own[axis] === 1 ? index : `(${index} / ${own[axis]})`
    const inside = own[axis]! * d === Shapes.size(shape) ? whole : `(${whole} % ${d})`
    return [stride === 1 ? inside : `${inside} * ${stride}`]
  })
  return terms.length === 0 ? "0" : terms.join(" + ")
}

/** Writes a shader's statements: the value of a node at an index, with everything that its group computes for it. */
export class Body {
  readonly lines: Array<string> = []
  readonly #view: View
  readonly #group: Group
  readonly #values = new Map<string, string>()
  #count = 0

  constructor(view: View, group: Group) {
    this.#view = view
    this.#group = group
  }

  /** A new variable. */
  bind(expression: string): string {
    const name = `v${this.#count++}`
    this.lines.push(`let ${name} = ${expression};`)
    return name
  }

  #index(expression: string): string {
    if (/^\w+$/.test(expression)) return expression
    const known = this.#values.get(`index ${expression}`)
    if (known !== undefined) return known
    const name = this.bind(expression)
    this.#values.set(`index ${expression}`, name)
    return name
  }

  /** The variable with the element of a node at a row-major index, itself a variable or a number. */
  value(id: number, index: string): string {
    const key = `${id}@${index}`
    const known = this.#values.get(key)
    if (known !== undefined) return known
    const node = this.#view.nodes[id]!
    const made = this.#group.members.has(id) ? this.#computed(node, index) : this.#read(id, node, index)
    const name = /^\w+$/.test(made) ? made : this.bind(made)
    this.#values.set(key, name)
    return name
  }

  #read(id: number, node: Node, index: string): string {
    const { op } = node
    if (op._tag === "Constant" && op.tensor.data.length === 1) return literal(op.tensor.data[0]!, node.dtype)
    return `x${this.#group.leaves.indexOf(id)}[${index}]`
  }

  #computed(node: Node, index: string): string {
    const { op, args, shape, dtype } = node
    const from = args.map((a) => this.#view.nodes[a]!)
    const strides = from.map((x) => Shapes.strides(x.shape))
    switch (op._tag) {
      case "Full":
        return literal(op.value, dtype)
      case "Reshape":
        return this.value(args[0]!, index)
      case "Expand":
        return this.value(args[0]!, this.#index(repeated(index, from[0]!.shape, shape)))
      case "Transpose": {
        const moved = op.perm.map((axis) => strides[0]![axis]!)
        return this.value(args[0]!, this.#index(indexed(index, shape, moved)))
      }
      case "Slice": {
        const offset = op.start * strides[0]![op.axis]!
        return this.value(args[0]!, this.#index(`${indexed(index, shape, strides[0]!)} + ${offset}`))
      }
      case "Pad": {
        const at = this.#coordinate(index, shape, op.axis)
        const width = from[0]!.shape[op.axis]!
        const inside = `${at} >= ${op.before} && ${at} < ${op.before + width}`
        const x = this.#part(args[0]!, index, { shape, axis: op.axis, start: op.before })
        return `select(${literal(0, dtype)}, ${x}, ${inside})`
      }
      case "Concat": {
        const at = this.#coordinate(index, shape, op.axis)
        let start = 0
        let made: string | undefined
        for (const [i, a] of args.entries()) {
          const part = this.#part(a, index, { shape, axis: op.axis, start })
          made = made === undefined ? part : this.bind(`select(${part}, ${made}, ${at} < ${start})`)
          start += from[i]!.shape[op.axis]!
        }
        return made!
      }
      default: {
        const operands = args.map((a, i) => this.value(a, this.#index(repeated(index, from[i]!.shape, shape))))
        return scalarExpression(op, operands, from[0]!.dtype)!
      }
    }
  }

  #coordinate(index: string, shape: Shape, axis: number): string {
    const one = shape.map((_, i) => (i === axis ? 1 : 0))
    return this.#index(indexed(index, shape, one))
  }

  /** An element of a part that lies from `start` on an axis; outside of it, of its border. */
  #part(id: number, index: string, at: { readonly shape: Shape; readonly axis: number; readonly start: number }) {
    const { shape, axis, start } = at
    const own = this.#view.nodes[id]!.shape
    const strides = Shapes.strides(own)
    const others = strides.map((s, i) => (i === axis ? 0 : s))
    const coordinate = this.#coordinate(index, shape, axis)
    const inside = `clamp(${coordinate} - ${start}, 0, ${own[axis]! - 1}) * ${strides[axis]}`
    return this.value(id, this.#index(`${indexed(index, shape, others)} + ${inside}`))
  }
}

/** The WGSL type of a node's elements. */
export const typeOf = (node: Node): string => wgslType[node.dtype]
