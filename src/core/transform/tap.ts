import type { OpTag, Program } from "../program/index.ts"
import type { Tensor } from "../tensor/index.ts"

const outputOf = (node: number): string => `%${node}`

/** The same program with every float node as an output, named `%0`, `%1`, ... as `print` does. */
export const tap = (program: Program): Program => ({
  nodes: program.nodes,
  outputs: program.nodes.flatMap((n, node) => (n.dtype === "f32" ? [{ name: outputOf(node), node }] : []))
})

/** Where a NaN or an infinity first appeared. */
export interface Culprit {
  readonly node: number
  readonly op: OpTag
  /** Its label or input name, where it has one. */
  readonly name: string | undefined
  readonly value: number
  /** Row-major position of the value in the node's result. */
  readonly index: number
}

/**
 * The first node whose result holds a NaN, or an infinity that it made itself, in a run of `tap(program)`.
 *
 * Infinities that come straight from an input or a constant are taken as meant (masks are made of them),
 * and so are those of the nodes they pass through.
 *
 * @param values outputs of the tapped program
 */
export const firstNonFinite = (program: Program, values: Readonly<Record<string, Tensor>>): Culprit | undefined => {
  const meant = new Set<number>()
  for (const [node, { op, args, label }] of program.nodes.entries()) {
    const data = values[outputOf(node)]?.data ?? []
    const nan = data.findIndex((v: number) => Number.isNaN(v))
    const index = nan >= 0 ? nan : data.findIndex((v: number) => !Number.isFinite(v))
    if (index < 0) continue
    if (nan < 0 && (args.length === 0 || args.some((a) => meant.has(a)))) {
      meant.add(node)
      continue
    }
    const name = label ?? (op._tag === "Input" ? op.name : undefined)
    return { node, op: op._tag, name, value: data[index]!, index }
  }
  return undefined
}
