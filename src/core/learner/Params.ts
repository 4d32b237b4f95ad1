import type { Tensor } from "../tensor/index.ts"

/** Parameters of a model by their name in a checkpoint. */
export type Params = Readonly<Record<string, Tensor>>

/** The same record under longer names. */
export const prefixed = <A>(prefix: string, record: Readonly<Record<string, A>>): Readonly<Record<string, A>> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [`${prefix}${name}`, value]))

/** What is under names with the prefix, without it. */
export const unprefixed = <A>(prefix: string, record: Readonly<Record<string, A>>): Readonly<Record<string, A>> =>
  Object.fromEntries(
    Object.entries(record).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : []
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
