import { Rng } from "../tensor/index.ts"

/** So many items, or a share of those that there are, rounded. */
export type Amount = number | { readonly share: number }

/** How many of n items an amount is. */
export const amountOf = (amount: Amount, n: number): number =>
  typeof amount === "number" ? amount : Math.round(amount.share * n)

/** Splits items by seed. A part has at least as many items as asked for, unless there are not so many. */
export interface HoldOut<A> {
  /** Names the random stream, e.g. the task. */
  readonly name: string
  readonly seed: number
  /** Items that belong together, e.g. by their question, are never parted. */
  readonly key: (item: A) => string
}

/**
 * Parts of such amounts each, and the rest, from one shuffle of the groups of items with the same key. Within the
 * shuffle a group keeps its order. The first part does not depend on the sizes of the others.
 *
 * @returns one array an amount, then the rest
 */
export const holdOut = <A>(
  items: ReadonlyArray<A>,
  amounts: ReadonlyArray<Amount>,
  { name, seed, key }: HoldOut<A>
): ReadonlyArray<ReadonlyArray<A>> => {
  const groups = [...Map.groupBy(items, key).values()]
  const queue = Rng.shuffle(Rng.make(seed, name, "validation"), groups)
  let next = 0
  const take = (count: number): ReadonlyArray<A> => {
    const part: Array<A> = []
    while (part.length < count && next < queue.length) part.push(...queue[next++]!)
    return part
  }
  return [...amounts.map((amount) => take(amountOf(amount, items.length))), take(Number.POSITIVE_INFINITY)]
}
