import { subsetShare } from "./binomial.ts"
import * as Ranking from "./Ranking.ts"

/** Places with a suspicion each, and which of them count as found. Every value is an expectation over ties. */
export interface RankedPlaces {
  /** [n] higher = more suspect; what is not finite comes last. */
  readonly suspicion: ReadonlyArray<number>
  /** [n] */
  readonly near: ReadonlyArray<boolean>
}

/** C(n-r, p-1) / C(n, p): that the first of p in random order among n stands at place r. */
const firstAt = (r: number, p: number, n: number): number => (subsetShare(n - p, n, r - 1) * p) / (n - r + 1)

/** Probability that at least one of the K most suspect places is near. */
export const hitAtK = ({ suspicion, near }: RankedPlaces, K: number): number => {
  let left = K
  for (const { size, correct } of Ranking.tieBlocks(suspicion, near)) {
    if (correct > 0) return chanceAtK(size, correct, left)
    left -= size
  }
  return 0
}

/** `hitAtK` of a random order: 1 - C(n-h, K) / C(n, K) with h of n places near. */
export const chanceAtK = (n: number, h: number, K: number): number => 1 - subsetShare(n - h, n, Math.min(K, n))

/** 1 / rank of the first near place; 0 where none is. */
export const reciprocalRank = ({ suspicion, near }: RankedPlaces): number => {
  let ranked = 0
  for (const { size, correct } of Ranking.tieBlocks(suspicion, near)) {
    if (correct > 0) return chanceReciprocalRank(size, correct, ranked)
    ranked += size
  }
  return 0
}

/** `reciprocalRank` of a random order of n places with p near ones, after `before` others. */
export const chanceReciprocalRank = (n: number, p: number, before = 0): number => {
  let expected = 0
  for (let r = 1; p > 0 && r <= n - p + 1; r++) expected += firstAt(r, p, n) / (before + r)
  return expected
}

/** Expected average precision of a random order: [H_n + (p-1)/(n-1) (n - H_n)] / n, with H_n the harmonic number. */
export const chanceAveragePrecision = (n: number, p: number): number => {
  let harmonic = 0
  for (let i = 1; i <= n; i++) harmonic += 1 / i
  return p === 0 ? 0 : n === 1 ? 1 : (harmonic + ((p - 1) / (n - 1)) * (n - harmonic)) / n
}

/**
 * Share of the suspicion that lies near; suspicion below 0 counts as none. Where there is none at all, the share of
 * near places, as for any constant.
 */
export const massNear = ({ suspicion, near }: RankedPlaces): number => {
  const positive = suspicion.map((d) => (Number.isFinite(d) ? Math.max(0, d) : 0))
  const total = positive.reduce((a, b) => a + b, 0)
  const of = (weight: (i: number) => number): number => near.reduce((s, n, i) => s + (n ? weight(i) : 0), 0)
  return total > 0 ? of((i) => positive[i]!) / total : of(() => 1) / near.length
}
