import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  aurocOf,
  aurocPooled,
  averagePrecision,
  brierScore,
  combineOverPrompts,
  expectedCalibrationError,
  Localisation,
  Measurements,
  meanOverPrompts,
  Resamplings
} from "../../src/core/evaluation/index.ts"
import { mean, permutations, pool } from "./pools.ts"

const run = { seed: 42, numRuns: 200 }
const few = { seed: 42, draws: 50 }

describe("AUROC", () => {
  it("law: equals counting pairs, ties half", () =>
    fc.assert(
      fc.property(pool(9), ({ correct, scores }) => {
        const at = (i: number) => (Number.isFinite(scores[i]!) ? scores[i]! : Number.NEGATIVE_INFINITY)
        const pairs = correct.flatMap((right, i) =>
          correct.flatMap((other, j) => (right && !other ? [at(i) > at(j) ? 1 : at(i) === at(j) ? 0.5 : 0] : []))
        )
        const value = aurocOf({ correct, scores })
        if (pairs.length === 0) expect(value).toBeUndefined()
        else expect(value).toBeCloseTo(mean(pairs), 12)
      }),
      run
    ))

  it("law: invariant to monotone transforms; swapping the classes mirrors it", () =>
    fc.assert(
      fc.property(pool(9), ({ correct, scores }) => {
        const value = aurocOf({ correct, scores })
        expect(aurocOf({ correct, scores: scores.map((s) => Math.atan(s) * 3) })).toBe(value)
        if (value !== undefined) {
          expect(aurocOf({ correct: correct.map((c) => !c), scores })).toBeCloseTo(1 - value, 12)
        }
      }),
      run
    ))

  it("law: the weighted walk at multiplicity one is the pooled value, so the interval holds it or is near", () =>
    fc.assert(
      fc.property(fc.array(pool(5), { minLength: 2, maxLength: 12 }), (pools) => {
        const measured = aurocPooled(pools, few)
        const flat = aurocOf({ correct: pools.flatMap((p) => p.correct), scores: pools.flatMap((p) => p.scores) })
        expect(Measurements.value(measured)).toBe(flat)
        if (Measurements.isEstimate(measured)) {
          expect(measured.ci95[0]).toBeLessThanOrEqual(measured.ci95[1])
          expect(measured.ci95[0]).toBeGreaterThanOrEqual(0)
          expect(measured.ci95[1]).toBeLessThanOrEqual(1)
        }
      }),
      { seed: 42, numRuns: 60 }
    ))

  it("law: the interval is that of AUROC on rows repeated as often as their prompt was drawn", () =>
    fc.assert(
      fc.property(fc.array(pool(5), { minLength: 2, maxLength: 6 }), (pools) => {
        const measured = aurocPooled(pools, few)
        const repeated = (multiplicity: Uint32Array) => {
          const drawn = pools.flatMap((p, b) => new Array<typeof p>(multiplicity[b]!).fill(p))
          return aurocOf({ correct: drawn.flatMap((p) => p.correct), scores: drawn.flatMap((p) => p.scores) }) ?? NaN
        }
        const expected = Resamplings.interval(pools.length, repeated, few)
        if (Measurements.isEstimate(measured)) expect(measured.ci95).toEqual(expected ?? [0, 1])
      }),
      { seed: 42, numRuns: 60 }
    ))
})

describe("calibration", () => {
  const probabilities = fc.array(
    fc.array(fc.tuple(fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1, maxLength: 6 }),
    { minLength: 1, maxLength: 6 }
  )
  const split = (rows: ReadonlyArray<ReadonlyArray<readonly [boolean, number]>>) =>
    rows.map((row) => ({ correct: row.map(([c]) => c), probabilities: row.map(([, p]) => p) }))

  it("law: ECE and Brier lie in [0, 1], and certainty that is right scores 0", () =>
    fc.assert(
      fc.property(probabilities, (rows) => {
        for (const metric of [expectedCalibrationError, brierScore]) {
          const value = Measurements.value(metric(split(rows), few))!
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(1)
          const certain = rows.map((row) => row.map(([c]) => [c, Number(c)] as const))
          expect(Measurements.value(metric(split(certain), few))).toBe(0)
        }
      }),
      { seed: 42, numRuns: 60 }
    ))

  it("law: pooled rows give the same ECE however they are split into prompts", () =>
    fc.assert(
      fc.property(probabilities, (rows) => {
        const apart = rows.flat().map((cell) => [cell])
        const together = Measurements.value(expectedCalibrationError(split(rows), few))
        expect(Measurements.value(expectedCalibrationError(split(apart), few))).toBeCloseTo(together!, 12)
      }),
      { seed: 42, numRuns: 60 }
    ))
})

describe("localisation", () => {
  const suspicion = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 5 })

  it("law: hit, reciprocal rank and AP are means over all orders of tied steps", () =>
    fc.assert(
      fc.property(suspicion, fc.nat(4), (xs, t) => {
        const target = t % xs.length
        const ranks = permutations(xs.map((_, i) => i)).map(
          (order) => 1 + order.toSorted((a, b) => xs[b]! - xs[a]!).indexOf(target)
        )
        expect(Localisation.hitAt1OfRow(xs, target)).toBeCloseTo(mean(ranks.map((r) => (r === 1 ? 1 : 0))), 12)
        expect(Localisation.reciprocalRankOfRow(xs, target)).toBeCloseTo(mean(ranks.map((r) => 1 / r)), 12)
      }),
      { seed: 42, numRuns: 100 }
    ))

  it("law: tie-aware AP is plain AP averaged over all orders", () =>
    fc.assert(
      fc.property(suspicion, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), (xs, flags) => {
        const positive = xs.map((_, i) => flags[i]!)
        const plain = permutations(xs.map((_, i) => i)).map((order) => {
          const sorted = order.toSorted((a, b) => xs[b]! - xs[a]!)
          const precisions = sorted.flatMap((i, r) =>
            positive[i] ? [sorted.slice(0, r + 1).filter((j) => positive[j]).length / (r + 1)] : []
          )
          return precisions.length === 0 ? 0 : mean(precisions)
        })
        const value = averagePrecision(xs, positive)
        if (!positive.some(Boolean)) expect(value).toBeUndefined()
        else expect(value).toBeCloseTo(mean(plain), 12)
      }),
      { seed: 42, numRuns: 100 }
    ))

  it("law: a detector that knows is perfect, a constant one is at chance, and both are normalised to 1 and 0", () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 2, max: 6 }), fc.nat(5), fc.constantFrom("p", "q", "r")), { minLength: 1 }),
        (specs) => {
          const rows = specs.map(([S, t, promptId]) => {
            const firstWrongStep = t % S
            const truth = Array.from({ length: S }, (_, s) => (s === firstWrongStep ? 1 : 0))
            return { promptId, firstWrongStep, suspicion: { truth, constant: truth.map(() => 3) } }
          })
          const [truth, constant] = Localisation.localise(rows, ["truth", "constant"], few)
          expect(Measurements.value(truth!.hitAt1)).toBe(1)
          expect(Measurements.value(truth!.normalised)).toBeCloseTo(1, 12)
          expect(constant!.hitAt1).toEqual(constant!.chance)
          expect(Measurements.value(constant!.normalised)).toBeCloseTo(0, 12)
        }
      ),
      { seed: 42, numRuns: 60 }
    ))
})

describe("intervals", () => {
  const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2, maxLength: 30 })

  it("law: the same seed gives the same interval, and it lies inside the range of the values", () =>
    fc.assert(
      fc.property(values, fc.nat(1000), (xs, seed) => {
        const once = meanOverPrompts(xs, { seed, draws: 60 }, "none")
        expect(meanOverPrompts(xs, { seed, draws: 60 }, "none")).toEqual(once)
        if (!Measurements.isEstimate(once)) throw new Error("no estimate")
        expect(once.ci95[0]).toBeGreaterThanOrEqual(Math.min(...xs) - 1e-12)
        expect(once.ci95[1]).toBeLessThanOrEqual(Math.max(...xs) + 1e-12)
      }),
      { seed: 42, numRuns: 60 }
    ))

  it("law: an affine map of the values maps value and interval", () =>
    fc.assert(
      fc.property(values, (xs) => {
        const plain = meanOverPrompts(xs, few, "none", [0, 1])
        const mapped = meanOverPrompts(
          xs.map((x) => 2 * x - 1),
          few,
          "none",
          [-1, 1]
        )
        if (!Measurements.isEstimate(plain) || !Measurements.isEstimate(mapped)) throw new Error("no estimate")
        expect(mapped.value).toBeCloseTo(2 * plain.value - 1, 10)
        expect(mapped.ci95[0]).toBeCloseTo(2 * plain.ci95[0] - 1, 10)
        expect(mapped.ci95[1]).toBeCloseTo(2 * plain.ci95[1] - 1, 10)
      }),
      { seed: 42, numRuns: 60 }
    ))

  it("law: draws that leave the statistic undefined are dropped, never counted as a value", () => {
    // One prompt of three holds the denominator: the draws without it (8 of 27) have no ratio.
    const measured = combineOverPrompts(
      [
        [1, 0, 0],
        [2, 0, 0]
      ],
      (s) => s[0]! / s[1]!,
      {
        resampling: Resamplings.standard,
        unavailable: "none"
      }
    )
    expect(measured).toEqual({ _tag: "Estimate", value: 0.5, ci95: [0.5, 0.5], n: 3 })
  })
})
