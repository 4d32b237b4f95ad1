import { choose } from "./binomial.ts"

/** One prompt's completions as votes. */
export interface VotePool {
  readonly correct: ReadonlyArray<boolean>
  /** Canonical final answers; `undefined` where none could be parsed: it never votes. */
  readonly answers: ReadonlyArray<string | undefined>
}

interface AnswerClass {
  readonly size: number
  readonly correct: number
}

const classesOf = ({ correct, answers }: VotePool): ReadonlyArray<AnswerClass> => {
  const classes = new Map<string, AnswerClass>()
  for (const [i, answer] of answers.entries()) {
    if (answer === undefined) continue
    const { size, correct: m } = classes.get(answer) ?? { size: 0, correct: 0 }
    classes.set(answer, { size: size + 1, correct: m + (correct[i]! ? 1 : 0) })
  }
  return [...classes.values()]
}

/**
 * Ways to draw `rest` completions so that no other answer gets more than `top` votes, by how many answers tie with
 * `top`: a product of one small polynomial an answer, each counting C(size, votes) ways.
 */
const waysByTies = (
  others: ReadonlyArray<AnswerClass>,
  unanswered: number,
  top: number,
  rest: number
): ReadonlyArray<number> => {
  // ways[drawn][ties]; mutation stays in this function
  let ways = Array.from({ length: rest + 1 }, (_, drawn) => [choose(unanswered, drawn)])
  for (const { size } of others) {
    const next = Array.from({ length: rest + 1 }, () => new Array<number>(ways[0]!.length + 1).fill(0))
    for (let votes = 0; votes <= Math.min(size, top, rest); votes++) {
      const factor = choose(size, votes)
      const tie = votes === top ? 1 : 0
      for (let drawn = 0; drawn + votes <= rest; drawn++) {
        for (const [ties, count] of ways[drawn]!.entries()) next[drawn + votes]![ties + tie]! += factor * count
      }
    }
    ways = next
  }
  return ways[rest]!
}

/**
 * Probability that the majority answer of n completions is correct, averaged exactly over all n-subsets of the pool;
 * answers with equal votes are picked with equal chance, and when nobody answers the outcome counts as wrong.
 *
 * Where completions with one answer differ in correctness, the pick is a random one of them.
 *
 * @returns a share in [0, 1]; `undefined` when n > N, or when counts of subsets exceed a double (N above about 1000)
 * @throws RangeError when answers and correctness differ in length
 * @see specs/20-selection.md
 */
export const majorityOfPrompt = (pool: VotePool, n: number): number | undefined => {
  const N = pool.correct.length
  if (pool.answers.length !== N) throw new RangeError(`${pool.answers.length} answers for ${N} completions.`)
  if (n > N || n < 1) return undefined
  const classes = classesOf(pool)
  const unanswered = N - classes.reduce((sum, c) => sum + c.size, 0)
  let expected = 0
  for (const [i, winner] of classes.entries()) {
    if (winner.correct === 0) continue
    const others = classes.filter((_, j) => j !== i)
    for (let votes = 1; votes <= Math.min(winner.size, n); votes++) {
      const shared = waysByTies(others, unanswered, votes, n - votes).reduce(
        (s, ways, ties) => s + ways / (ties + 1),
        0
      )
      expected += (winner.correct / winner.size) * choose(winner.size, votes) * shared
    }
  }
  const share = expected / choose(N, n)
  return Number.isFinite(share) ? share : undefined
}
