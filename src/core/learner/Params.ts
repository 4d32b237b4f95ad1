import type { Tensor } from "../tensor/index.ts"

/** Parameters of a model by their name in a checkpoint. */
export type Params = Readonly<Record<string, Tensor>>

/** The same tensors under longer names. */
export const prefixed = (prefix: string, tensors: Params): Params =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${prefix}${name}`, tensor]))

/** The tensors whose name has the prefix, without it. */
export const unprefixed = (prefix: string, tensors: Params): Params =>
  Object.fromEntries(
    Object.entries(tensors).flatMap(([name, tensor]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor] as const] : []
    )
  )

/** A record split by name: those for which `holds` is true, and the others. */
export const split = <A>(
  record: Readonly<Record<string, A>>,
  holds: (name: string) => boolean
): readonly [Readonly<Record<string, A>>, Readonly<Record<string, A>>] => [
  Object.fromEntries(Object.entries(record).filter(([name]) => holds(name))),
  Object.fromEntries(Object.entries(record).filter(([name]) => !holds(name)))
]
