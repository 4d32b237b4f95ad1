import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  bestOfNOfPrompt,
  majorityOfPrompt,
  passAtKOfPrompt,
  Rerankers,
  Selectors,
  weightedMajorityOfPrompt
} from "../../src/core/evaluation/index.ts"
import { mean, permutations, pool, subsets } from "./pools.ts"

const run = { seed: 42, numRuns: 200 }
const count = (correct: ReadonlyArray<boolean>) => correct.filter(Boolean).length
const sizes = (N: number) => Array.from({ length: N }, (_, i) => i + 1)
const last = (score: number) => (Number.isFinite(score) ? score : Number.NEGATIVE_INFINITY)

describe("pass@k", () => {
  it("law: equals the share of k-subsets with a correct completion", () =>
    fc.assert(
      fc.property(pool(7), ({ correct }) => {
        const N = correct.length
        for (const k of sizes(N)) {
          const share = mean(subsets(N, k).map((s) => (s.some((i) => correct[i]) ? 1 : 0)))
          expect(passAtKOfPrompt(N, count(correct), k)).toBeCloseTo(share, 12)
        }
      }),
      run
    ))

  it("law: never falls as k grows, and pass@1 is m / N", () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(300), (N, m0) => {
        const m = Math.min(m0, N)
        const values = sizes(N).map((k) => passAtKOfPrompt(N, m, k)!)
        expect(values[0]).toBeCloseTo(m / N, 12)
        for (const [i, v] of values.entries()) expect(v).toBeGreaterThanOrEqual((values[i - 1] ?? 0) - 1e-12)
      }),
      { seed: 42, numRuns: 50 }
    ))
})

describe("best-of-n", () => {
  it("law: equals the mean over n-subsets and over orders of tied scores", () =>
    fc.assert(
      fc.property(pool(), ({ correct, scores }) => {
        const N = correct.length
        for (const n of sizes(N)) {
          const brute = subsets(N, n).map((s) => {
            const top = Math.max(...s.map((i) => last(scores[i]!)))
            const best = s.filter((i) => last(scores[i]!) === top)
            return mean(best.map((i) => Number(correct[i])))
          })
          expect(bestOfNOfPrompt({ correct, scores }, n)).toBeCloseTo(mean(brute), 12)
        }
      }),
      run
    ))

  it("law: constant scores give the expected random pick, m / N, at every n", () =>
    fc.assert(
      fc.property(pool(8), fc.constantFrom(0, -3.5, NaN), ({ correct }, score) => {
        const scores = correct.map(() => score)
        for (const n of sizes(correct.length)) {
          expect(bestOfNOfPrompt({ correct, scores }, n)).toBeCloseTo(count(correct) / correct.length, 12)
        }
      }),
      run
    ))

  it("law: invariant to monotone transforms and to the order of completions", () =>
    fc.assert(
      fc.property(pool(), fc.integer({ min: 1, max: 6 }), ({ correct, scores }, n) => {
        const expected = bestOfNOfPrompt({ correct, scores }, n)
        const bent = bestOfNOfPrompt({ correct, scores: scores.map((s) => Math.exp(s) - 7) }, n)
        const turned = bestOfNOfPrompt({ correct: correct.toReversed(), scores: scores.toReversed() }, n)
        expect(bent).toBe(expected)
        if (expected === undefined) expect(turned).toBeUndefined()
        else expect(turned).toBeCloseTo(expected, 12)
      }),
      run
    ))

  it("law: scoring by correctness is the oracle, pass@n, and by its opposite the worst pick", () =>
    fc.assert(
      fc.property(pool(8), ({ correct }) => {
        const [N, m] = [correct.length, count(correct)]
        for (const n of sizes(N)) {
          const truth = correct.map(Number)
          expect(bestOfNOfPrompt({ correct, scores: truth }, n)).toBeCloseTo(passAtKOfPrompt(N, m, n)!, 12)
          const worst = bestOfNOfPrompt({ correct, scores: truth.map((x) => -x) }, n)
          expect(worst).toBeCloseTo(1 - passAtKOfPrompt(N, N - m, n)!, 12)
        }
      }),
      run
    ))
})

const voteWinner = (
  { correct, answers }: { correct: ReadonlyArray<boolean>; answers: ReadonlyArray<string | undefined> },
  subset: ReadonlyArray<number>,
  weight: (i: number) => number
): number => {
  const voters = subset.filter((i) => answers[i] !== undefined)
  if (voters.length === 0) return 0
  const names = [...new Set(voters.map((i) => answers[i]!))]
  const sums = names.map((name) => voters.filter((i) => answers[i] === name).reduce((s, i) => s + weight(i), 0))
  const winners = names.filter((_, j) => sums[j]! >= Math.max(...sums) - 1e-9)
  return mean(winners.map((name) => mean(voters.filter((i) => answers[i] === name).map((i) => Number(correct[i])))))
}

describe("votes", () => {
  it("law: majority equals the mean over n-subsets, ties shared, the unanswered silent", () =>
    fc.assert(
      fc.property(pool(7), (p) => {
        const N = p.correct.length
        for (const n of sizes(N)) {
          const classCorrect = (i: number) => {
            const same = p.answers.flatMap((a, j) => (a === p.answers[i] ? [Number(p.correct[j])] : []))
            return mean(same)
          }
          const smoothed = (s: ReadonlyArray<number>) => {
            const voters = s.filter((i) => p.answers[i] !== undefined)
            const tally = Map.groupBy(voters, (i) => p.answers[i])
            const top = Math.max(0, ...[...tally.values()].map((v) => v.length))
            const winners = [...tally.values()].filter((v) => v.length === top)
            return winners.length === 0 ? 0 : mean(winners.map((v) => classCorrect(v[0]!)))
          }
          expect(majorityOfPrompt(p, n)).toBeCloseTo(mean(subsets(N, n).map(smoothed)), 12)
        }
      }),
      run
    ))

  it("law: weighted majority equals the mean over n-subsets", () =>
    fc.assert(
      fc.property(pool(), (p) => {
        const N = p.correct.length
        for (const n of sizes(N)) {
          const brute = subsets(N, n).map((s) =>
            voteWinner(p, s, (i) => (Number.isFinite(p.scores[i]!) ? Math.exp(p.scores[i]!) : 0))
          )
          expect(weightedMajorityOfPrompt(p, n)).toBeCloseTo(mean(brute), 12)
        }
      }),
      run
    ))

  it("law: equal scores make the weighted majority the majority", () =>
    fc.assert(
      fc.property(pool(7), fc.integer({ min: 1, max: 7 }), fc.constantFrom(0, 250, -250), (p, n, score) => {
        const weighted = weightedMajorityOfPrompt({ ...p, scores: p.correct.map(() => score) }, n)
        const plain = majorityOfPrompt(p, n)
        if (plain === undefined) expect(weighted).toBeUndefined()
        else expect(weighted).toBeCloseTo(plain, 12)
      }),
      run
    ))

  it("law: where each answer is right or wrong as a whole, no vote beats the oracle", () =>
    fc.assert(
      fc.property(pool(7), (p) => {
        const consistent = { ...p, correct: p.answers.map((a) => a === "a"), scores: { reward: p.scores } }
        for (const n of sizes(p.correct.length)) {
          const ceiling = Rerankers.oracle.accuracy(consistent, n)!
          for (const reranker of [Rerankers.majority, Rerankers.weightedMajority("reward")]) {
            expect(reranker.accuracy(consistent, n)).toBeLessThanOrEqual(ceiling + 1e-12)
          }
        }
      }),
      run
    ))
})

describe("selectors", () => {
  const rewards = fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 1, maxLength: 30 })

  it("law: a constant trace scores that constant, except for the sum", () =>
    fc.assert(
      fc.property(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 1, max: 40 }), (c, T) => {
        const constant = new Array<number>(T).fill(c)
        for (const selector of Selectors.all) {
          expect(selector.select(constant)).toBeCloseTo(selector.name === "sum" ? c * T : c, 9)
        }
      }),
      run
    ))

  it("law: scores lie between the smallest and the largest reward, except for the sum", () =>
    fc.assert(
      fc.property(rewards, (r) => {
        const [low, high] = [Math.min(...r) - 1e-9, Math.max(...r) + 1e-9]
        for (const selector of Selectors.all.filter((s) => s.name !== "sum")) {
          const score = selector.select(r)
          expect(score).toBeGreaterThanOrEqual(low)
          expect(score).toBeLessThanOrEqual(high)
        }
      }),
      run
    ))

  it("law: the recurrence of the discounted mean is its definition, and γ = 1 is the mean", () =>
    fc.assert(
      fc.property(rewards, fc.double({ min: 0.5, max: 1, noNaN: true }), (r, gamma) => {
        const weights = r.map((_, t) => gamma ** (r.length - 1 - t))
        const defined = r.reduce((s, x, t) => s + weights[t]! * x, 0) / weights.reduce((a, b) => a + b)
        expect(Selectors.discounted(gamma).select(r)).toBeCloseTo(defined, 9)
        expect(Selectors.discounted(1).select(r)).toBeCloseTo(Selectors.mean.select(r), 9)
      }),
      run
    ))

  it("law: mean, sum, min, top3, softmax2 and trimmed10 do not see the order", () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 5 }), (r) => {
        const free = [Selectors.mean, Selectors.sum, Selectors.min, Selectors.top3, Selectors.softmax2]
        for (const selector of [...free, Selectors.trimmed10]) {
          const expected = selector.select(r)
          for (const order of permutations(r)) expect(selector.select(order)).toBeCloseTo(expected, 9)
        }
      }),
      { seed: 42, numRuns: 40 }
    ))
})
