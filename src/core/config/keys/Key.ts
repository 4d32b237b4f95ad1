import type { Schema } from "effect"
import type { Value } from "../Node.ts"

/** A condition on other keys, by which a key matters or does not: that one has some value, or has it not, or one of several. */
export type Condition =
  | { readonly key: string; readonly values: ReadonlyArray<Value> }
  | { readonly key: string; readonly not: ReadonlyArray<Value> }
  | { readonly either: readonly [Condition, ...ReadonlyArray<Condition>] }

/** The keys that a condition reads. */
export const keysOf = (condition: Condition): ReadonlyArray<string> =>
  "either" in condition ? condition.either.flatMap(keysOf) : [condition.key]

/** One key of a run's configuration that means something here. */
export interface Key<A> {
  readonly schema: Schema.Codec<A>
  /** One sentence, with units. */
  readonly doc: string
  /** Taken where nothing is said; a key without one must be given. */
  readonly default?: A
  /** What the reference's key becomes here, where the name does not say it. */
  readonly mapped?: string
  /** Values that the reference has and this does not, each with the reason. */
  readonly refused?: Readonly<Record<string, string>>
  /** Where all of these hold the key matters; an override of it elsewhere would do nothing, and is an error. */
  readonly activeWhen?: ReadonlyArray<Condition>
  /** Whether the key is ours, beside those of the reference. */
  readonly own?: boolean
}

/** A key of the reference that is not taken over. */
export interface Rejection {
  /** Why, as a sentence. */
  readonly because: string
  /** Values that ask for nothing but what happens anyway; they pass. */
  readonly accepts?: ReadonlyArray<Value>
  /** Whether leaving the key out cannot change what is learned, so that `--drop-rejected` may do it. */
  readonly droppable?: boolean
}

/** Keys by name. */
export type Section = { readonly [name: string]: Key<never> | Key<Value> }

type Loose<A> = A extends Key<infer B> ? B : never

/** Values of a section's keys. */
export type Decoded<S> = { readonly [K in keyof S]: Loose<S[K]> }

/** A key with its type taken from its schema. */
export const key = <A>(schema: Schema.Codec<A>, rest: Omit<Key<NoInfer<A>>, "schema">): Key<A> => ({ schema, ...rest })

/** Where the algorithm is one of these. */
export const when = (...algorithms: ReadonlyArray<string>): ReadonlyArray<Condition> => [
  { key: "algorithm", values: algorithms }
]

export const airlOnly: ReadonlyArray<Condition> = when("airl")
