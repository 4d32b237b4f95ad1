/** Refuses scores that do not pair up with what they score. @throws RangeError when the two differ in length */
export const checkPairs = (scores: ReadonlyArray<number>, correct: ReadonlyArray<boolean>): void => {
  if (scores.length !== correct.length)
    throw new RangeError(`${scores.length} scores for ${correct.length} completions; give one score each.`)
}

/** A block of equally good candidates: how many there are, and how many of them are correct. */
export interface TieBlock {
  readonly size: number
  readonly correct: number
}

/** Scores that are NaN or infinite. They carry no order, so they share the last place. */
export const countNonFinite = (scores: ReadonlyArray<number>): number =>
  scores.reduce((count, score) => count + (Number.isFinite(score) ? 0 : 1), 0)

/** A score that sorts non-finite values behind every finite one, tied with each other. */
export const orderable = (score: number): number => (Number.isFinite(score) ? score : Number.NEGATIVE_INFINITY)

/**
 * Candidate indices grouped into blocks of equal score, best block first; non-finite scores form the last block.
 *
 * The order within a block means nothing: metrics take expectations over it.
 */
export const blocks = (scores: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> => {
  const order = scores
    .map((_, index) => index)
    .sort((a, b) => {
      const [x, y] = [orderable(scores[a]!), orderable(scores[b]!)]
      return x === y ? a - b : y - x
    })
  const result: Array<Array<number>> = []
  for (const index of order) {
    const block = result.at(-1)
    if (block !== undefined && orderable(scores[block[0]!]!) === orderable(scores[index]!)) block.push(index)
    else result.push([index])
  }
  return result
}

/** The blocks of `blocks`, each reduced to its size and its number of correct candidates. @throws as `checkPairs` */
export const tieBlocks = (scores: ReadonlyArray<number>, correct: ReadonlyArray<boolean>): ReadonlyArray<TieBlock> => {
  checkPairs(scores, correct)
  return blocks(scores).map((block) => ({
    size: block.length,
    correct: block.reduce((m, index) => m + (correct[index]! ? 1 : 0), 0)
  }))
}
