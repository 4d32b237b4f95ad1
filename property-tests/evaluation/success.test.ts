import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  areaUnderRiskCoverage,
  bestOfNOfPrompt,
  crossCalibrate,
  isotonic,
  Measurements,
  midRanks,
  passAtKOfPrompt,
  platt,
  Resamplings,
  spearman,
  successAtKOfPrompt,
  weightedPassAtKOfPrompt
} from "../../src/core/evaluation/index.ts"
import { mean, permutations, pool, subsets } from "./pools.ts"

const run = { seed: 42, numRuns: 80 }
const orderable = (x: number) => (Number.isFinite(x) ? x : Number.NEGATIVE_INFINITY)

describe("success@k|n", () => {
  it("law: equals drawing every n-subset, in every order of ties, and looking at its best k", () =>
    fc.assert(
      fc.property(pool(5), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (p, k, n) => {
        const N = p.correct.length
        const value = successAtKOfPrompt(p, k, n)
        if (k > n || n > N) {
          expect(value).toBeUndefined()
          return
        }
        const outcomes = permutations([...p.correct.keys()]).flatMap((order) =>
          subsets(N, n).map((subset) => {
            const ranked = order
              .filter((i) => subset.includes(i))
              .toSorted((a, b) => orderable(p.scores[b]!) - orderable(p.scores[a]!) || 0)
            return ranked.slice(0, k).some((i) => p.correct[i]) ? 1 : 0
          })
        )
        expect(value).toBeCloseTo(mean(outcomes), 10)
      }),
      { seed: 42, numRuns: 40 }
    ))

  it("law: k = 1 is best-of-n, k = n is pass@n, and it never falls with k", () =>
    fc.assert(
      fc.property(pool(8), fc.integer({ min: 1, max: 8 }), (p, n) => {
        const N = p.correct.length
        if (n > N) return
        expect(successAtKOfPrompt(p, 1, n)).toBeCloseTo(bestOfNOfPrompt(p, n)!, 12)
        expect(successAtKOfPrompt(p, n, n)).toBeCloseTo(passAtKOfPrompt(N, p.correct.filter(Boolean).length, n)!, 12)
        const byK = Array.from({ length: n }, (_, i) => successAtKOfPrompt(p, i + 1, n)!)
        for (const [i, v] of byK.entries()) if (i > 0) expect(v).toBeGreaterThanOrEqual(byK[i - 1]! - 1e-12)
      }),
      run
    ))
})

describe("reward-weighted pass@k", () => {
  it("law: equal scores give pass@k; it lies in [0, 1] and never falls with k", () =>
    fc.assert(
      fc.property(pool(9), ({ correct, scores }) => {
        const N = correct.length
        const m = correct.filter(Boolean).length
        let before = 0
        for (let k = 1; k <= N; k++) {
          const level = weightedPassAtKOfPrompt({ correct, scores: correct.map(() => 3) }, k)!
          expect(level).toBeCloseTo(passAtKOfPrompt(N, m, k)!, 10)
          const value = weightedPassAtKOfPrompt({ correct, scores }, k)!
          expect(value).toBeGreaterThanOrEqual(before - 1e-12)
          expect(value).toBeLessThanOrEqual(1)
          before = value
        }
      }),
      run
    ))

  it("law: adding a constant to all scores changes nothing", () =>
    fc.assert(
      fc.property(pool(6), fc.integer({ min: -500, max: 500 }), ({ correct, scores }, shift) => {
        const shifted = { correct, scores: scores.map((s) => s + shift) }
        expect(weightedPassAtKOfPrompt(shifted, 1)).toBeCloseTo(weightedPassAtKOfPrompt({ correct, scores }, 1)!, 10)
      }),
      run
    ))
})

describe("area under risk and coverage", () => {
  it("law: equals the mean over orders of ties of the running error rate", () =>
    fc.assert(
      fc.property(pool(5), (p) => {
        const areas = permutations([...p.correct.keys()]).map((order) => {
          const ranked = order.toSorted((a, b) => orderable(p.scores[b]!) - orderable(p.scores[a]!) || 0)
          return mean(ranked.map((_, i) => ranked.slice(0, i + 1).filter((j) => !p.correct[j]).length / (i + 1)))
        })
        expect(Measurements.value(areaUnderRiskCoverage([p], { seed: 1, draws: 2 }))).toBeCloseTo(mean(areas), 10)
      }),
      { seed: 42, numRuns: 40 }
    ))

  it("law: the interval is that of the area over rows repeated as often as their prompt was drawn", () =>
    fc.assert(
      fc.property(fc.array(pool(4), { minLength: 2, maxLength: 5 }), (pools) => {
        const few = { seed: 1, draws: 30 }
        const repeated = (multiplicity: Uint32Array) => {
          const drawn = pools.flatMap((p, b) => new Array<typeof p>(multiplicity[b]!).fill(p))
          return Measurements.value(areaUnderRiskCoverage(drawn, { seed: 1, draws: 1 }))!
        }
        const [low, high] = Resamplings.interval(pools.length, repeated, few)!
        expect(areaUnderRiskCoverage(pools, few)).toHaveProperty("ci95", [
          expect.closeTo(low, 10),
          expect.closeTo(high, 10)
        ])
      }),
      { seed: 42, numRuns: 40 }
    ))
})

describe("calibration", () => {
  const outlier = [0, 0, 0, 0, 0, 1, 1, 1, 1, 3, 3, 3, 100]
  const scored = fc
    .array(fc.tuple(fc.boolean(), fc.integer({ min: -9, max: 9 })), { minLength: 2, maxLength: 12 })
    .map((rows) => ({ correct: rows.map(([c]) => c), scores: rows.map(([, s]) => s + 0.5) }))

  it("law: isotonic never falls with the score and keeps the share of right ones; Platt keeps to (0, 1)", () =>
    fc.assert(
      fc.property(pool(9), ({ correct, scores }) => {
        const kept = scores.map((s, i) => ({ s, c: correct[i]! })).filter(({ s }) => Number.isFinite(s))
        if (kept.length === 0) return
        const [xs, ys] = [kept.map((r) => r.s), kept.map((r) => r.c)]
        const steps = isotonic(xs, ys)
        const values = [-9, -2, -1, -0.5, 0, 1, 2, 9].map(steps)
        for (const [i, v] of values.entries()) if (i > 0) expect(v).toBeGreaterThanOrEqual(values[i - 1]! - 1e-12)
        expect(mean(xs.map(steps))).toBeCloseTo(mean(ys.map(Number)), 10)
        for (const p of xs.map(platt(xs, ys))) expect(p > 0 && p < 1).toBe(true)
      }),
      run
    ))

  it("law: Platt's fit is the likeliest: p less target sums to 0, and so does that times the score", () =>
    fc.assert(
      fc.property(scored, ({ correct, scores }) => {
        const probability = platt([...scores, Number.NaN], [...correct, true])
        const m = correct.filter(Boolean).length
        const target = (right: boolean) => (right ? (m + 1) / (m + 2) : 1 / (correct.length - m + 2))
        const residuals = scores.map((s, i) => probability(s) - target(correct[i]!))
        const largest = Math.max(...scores.map(Math.abs))
        expect(Math.abs(residuals.reduce((a, r) => a + r, 0))).toBeLessThan(1e-6)
        expect(Math.abs(residuals.reduce((a, r, i) => a + r * (scores[i]! / largest), 0))).toBeLessThan(1e-6)
      }),
      // One right one far off, and many wrong ones together: a full Newton step from the share of right ones diverges.
      { ...run, examples: [[{ correct: outlier.map((s) => s === 100), scores: outlier }]] }
    ))

  it("law: the unit and the zero of scores do not matter to a calibration", () =>
    fc.assert(
      fc.property(scored, ({ correct, scores }) => {
        for (const method of [platt, isotonic])
          for (const [unit, zero] of [
            [2 ** -40, 0],
            [2 ** 40, 0],
            [1, 2 ** 30]
          ] as const) {
            const moved = method(
              scores.map((s) => unit * s + zero),
              correct
            )
            const plain = method(scores, correct)
            for (const s of [-3, 0.5, 7]) expect(moved(unit * s + zero)).toBeCloseTo(plain(s), 7)
          }
      }),
      run
    ))

  it("law: no prompt's own correctness touches its probabilities", () =>
    fc.assert(
      fc.property(fc.array(pool(5), { minLength: 4, maxLength: 8 }), fc.nat(7), (pools, at) => {
        const b = at % pools.length
        const flipped = pools.map((p, i) => (i === b ? { ...p, correct: p.correct.map((c) => !c) } : p))
        const of = (from: typeof pools) => crossCalibrate(platt, from)[b]!.probabilities
        expect(of(flipped)).toEqual(of(pools))
      }),
      run
    ))
})

describe("ranks", () => {
  it("law: mid-ranks sum to n(n+1)/2, and Spearman's correlation is blind to monotone maps", () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }))), (pairs) => {
        const [x, y] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)]
        const n = x.length
        expect(midRanks(x).reduce((a, b) => a + b, 0)).toBe((n * (n + 1)) / 2)
        expect(
          spearman(
            x.map((v) => Math.exp(v)),
            y
          )
        ).toBe(spearman(x, y))
      }),
      run
    ))
})
