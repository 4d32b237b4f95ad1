import type { ScoredPool } from "./bestOfN.ts"
import * as Ranking from "./Ranking.ts"

/** The completions of all prompts in one list, best score first, so that a bootstrap draw is one pass over it. */
export interface RankedRows {
  /** [rows] which prompt it is of. */
  readonly prompt: Uint32Array
  /** [rows] 1 for a correct one. */
  readonly positive: Uint8Array
  /** Ends of the blocks of equal score. */
  readonly ends: Uint32Array
}

/**
 * Sorts once; wrong rows come before right ones of equal score, and non-finite scores last, tied.
 *
 * @throws RangeError where scores and correctness differ in length
 */
export const make = (pools: ReadonlyArray<ScoredPool>): RankedRows => {
  const count = pools.reduce((n, pool) => n + pool.scores.length, 0)
  const score = new Float64Array(count)
  const prompt = new Uint32Array(count)
  const positive = new Uint8Array(count)
  let row = 0
  for (const [b, pool] of pools.entries()) {
    Ranking.checkPairs(pool.scores, pool.correct)
    for (const [i, own] of pool.scores.entries()) {
      score[row] = Ranking.orderable(own)
      prompt[row] = b
      positive[row] = pool.correct[i] === true ? 1 : 0
      row += 1
    }
  }
  const order = Uint32Array.from(score.keys()).sort((a, b) =>
    score[a] === score[b] ? positive[a]! - positive[b]! : score[b]! - score[a]!
  )
  const ends = [...order.keys()].filter((i) => score[order[i]!] !== score[order[i + 1]!])
  return {
    prompt: order.map((i) => prompt[i]!),
    positive: Uint8Array.from(order, (i) => positive[i]!),
    ends: Uint32Array.from(ends, (i) => i + 1)
  }
}
