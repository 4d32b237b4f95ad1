import fc from "fast-check"
import { Granularities, type Granularity, Partitions, type TokenSequence } from "../reward/index.ts"
import { type Law, law } from "./Law.ts"

const words = [
  "<think>",
  "</think>",
  "\n",
  "\n\n",
  " so",
  " 3",
  "4",
  ".",
  "!",
  ":",
  " +",
  " =",
  "- ",
  " ",
  "e.g",
  "<eos>"
]

/** Completions of up to 60 tokens: words, numbers, signs, tags, blanks. */
export const completions: fc.Arbitrary<TokenSequence> = fc
  .array(fc.oneof(fc.constantFrom(...words), fc.string({ minLength: 1, maxLength: 4 })), { maxLength: 60 })
  .map((pieces) => ({ pieces, ids: pieces.map((_, t) => t) }))

/** What holds of every granularity: it cuts any completion into consecutive units, as its own text says, every time. */
export const granularity = (subject: Granularity): ReadonlyArray<Law> => [
  law(`${subject.name}: every token is in one unit, units are in order, the last token ends one`, completions, (c) =>
    Partitions.isPartition(subject.partition(c), c.ids.length)
  ),
  law(`${subject.name}: dense refines it, and it refines sparse`, completions, (c) => {
    const partition = subject.partition(c)
    return (
      Partitions.refines(Granularities.dense.partition(c), partition) &&
      Partitions.refines(partition, Granularities.sparse.partition(c))
    )
  }),
  law(`${subject.name}: equal completions have equal units`, completions, (c) => {
    const again = subject.partition({ ids: [...c.ids], pieces: [...c.pieces] })
    return subject.partition(c).ends.join() === again.ends.join()
  }),
  law(`${subject.name}: a unit's reward back-filled over its tokens is read at its end`, completions, (c) => {
    const partition = subject.partition(c)
    const units = Array.from(partition.ends, (_, k) => k + 0.5)
    return Array.from(Partitions.atEnds(partition, Partitions.backFill(partition, units))).join() === units.join()
  })
]

/** What holds of granularities that cut every so many tokens: 1 is dense, the whole length sparse, multiples coarser. */
export const intervals = (family: (tokens: number) => Granularity): ReadonlyArray<Law> => {
  const same = (a: Granularity, b: Granularity, c: TokenSequence): boolean =>
    a.partition(c).ends.join() === b.partition(c).ends.join()
  const lengths = fc.integer({ min: 1, max: 70 })
  const name = family(1).name
  return [
    law(`${name} is dense`, completions, (c) => same(family(1), Granularities.dense, c)),
    law(`${name}: as many tokens as there are, or more, are sparse`, fc.tuple(completions, lengths), ([c, more]) =>
      same(family(c.ids.length + more), Granularities.sparse, c)
    ),
    law(
      `${name}: multiples are made of whole units, but for the last`,
      fc.tuple(completions, lengths, fc.integer({ min: 1, max: 5 })),
      ([c, n, k]) => Partitions.refines(family(n).partition(c), family(k * n).partition(c))
    )
  ]
}
