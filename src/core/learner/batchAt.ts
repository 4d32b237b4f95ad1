import { Rng } from "../tensor/index.ts"

/**
 * The i-th batch of a walk through the items, reshuffled every epoch: a function of the seed, the name and `i` alone.
 * A batch as large as the items holds all of them.
 */
export const batchAt = <A>(
  seed: number,
  name: string,
  items: ReadonlyArray<A>,
  size: number,
  i: number
): ReadonlyArray<A> => {
  const perEpoch = Math.max(1, Math.floor(items.length / size))
  const order = Rng.shuffle(Rng.make(seed, name, Math.floor(i / perEpoch)), items)
  const from = (i % perEpoch) * size
  return order.slice(from, from + size)
}
