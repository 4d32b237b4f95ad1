import * as Ranking from "./Ranking.ts"

/**
 * Average precision, exact in expectation over the order of tied scores.
 *
 * A block of g equal scores with p positives, after R ranked items with h hits, adds
 * sum_{o=1..g} (p / g) (h + (o - 1)(p - 1) / (g - 1) + 1) / (R + o), divided by the number of positives.
 *
 * @returns in (0, 1], or `undefined` without a positive
 * @see specs/22-localisation.md; McSherry and Najork 2008
 */
export const averagePrecision = (
  scores: ReadonlyArray<number>,
  positive: ReadonlyArray<boolean>
): number | undefined => {
  let total = 0
  let ranked = 0
  let hits = 0
  for (const { size, correct } of Ranking.tieBlocks(scores, positive)) {
    for (let o = 1; o <= size; o++) {
      const earlier = size === 1 ? 0 : ((o - 1) * (correct - 1)) / (size - 1)
      total += ((correct / size) * (hits + earlier + 1)) / (ranked + o)
    }
    ranked += size
    hits += correct
  }
  return hits === 0 ? undefined : total / hits
}
