import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  bestOfFirstOfPrompt,
  brierScore,
  chooseThreshold,
  contrastOfPrompt,
  expectedCalibrationError,
  firstBelow,
  isotonic,
  Measurements,
  pearson,
  processBenchF1,
  reliabilityBins,
  Selectors,
  spearman,
  transferCell,
  welch
} from "../../src/core/evaluation/index.ts"
import { mean, permutations, pool } from "./pools.ts"

/** Metrics against their definitions, spelled out on random inputs. */
const run = { seed: 42, numRuns: 100 }
const few = { seed: 1, draws: 5 }
const eighths = fc.integer({ min: 0, max: 8 }).map((x) => x / 8)
const small = fc.integer({ min: -3, max: 3 })
const total = (xs: ReadonlyArray<number>): number => xs.reduce((a, b) => a + b, 0)

describe("calibration", () => {
  const cells = fc.array(fc.tuple(eighths, fc.boolean()), { minLength: 1, maxLength: 30 })
  const pools = (rows: ReadonlyArray<readonly [number, boolean]>) => [
    { correct: rows.map(([, c]) => c), probabilities: rows.map(([p]) => p) }
  ]

  it("law: ECE, Brier score and reliability are what their definitions say, bin by bin", () =>
    fc.assert(
      fc.property(cells, fc.integer({ min: 1, max: 10 }), (rows, bins) => {
        const members = Array.from({ length: bins }, (_, b) =>
          rows.filter(([p]) => (p > b / bins && p <= (b + 1) / bins) || (b === 0 && p === 0))
        )
        const gap = (own: typeof rows) => Math.abs(mean(own.map(([, c]) => Number(c))) - mean(own.map(([p]) => p)))
        const ece = total(members.map((own) => (own.length === 0 ? 0 : (own.length / rows.length) * gap(own))))
        expect(Measurements.value(expectedCalibrationError(pools(rows), few, bins))).toBeCloseTo(ece, 12)
        const brier = mean(rows.map(([p, c]) => (p - Number(c)) ** 2))
        expect(Measurements.value(brierScore(pools(rows), few))).toBeCloseTo(brier, 12)
        for (const [b, bin] of reliabilityBins(pools(rows), bins).entries()) {
          const own = members[b]!
          expect(bin.count).toBe(own.length)
          if (own.length > 0) expect(bin.accuracy).toBeCloseTo(mean(own.map(([, c]) => Number(c))), 12)
          if (own.length > 0) expect(bin.confidence).toBeCloseTo(mean(own.map(([p]) => p)), 12)
        }
      }),
      run
    ))

  it("law: isotonic regression is the largest of the smallest means of runs around each score", () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(small, fc.boolean()), { minLength: 1, maxLength: 14 }), (rows) => {
        const fitted = isotonic(
          rows.map(([s]) => s),
          rows.map(([, c]) => c)
        )
        const scores = [...new Set(rows.map(([s]) => s))].sort((a, b) => a - b)
        const meanOf = (from: number, to: number) =>
          mean(rows.filter(([s]) => s >= scores[from]! && s <= scores[to]!).map(([, c]) => Number(c)))
        for (const [i, score] of scores.entries()) {
          const from = scores
            .slice(0, i + 1)
            .map((_, a) => Math.min(...scores.slice(i).map((_, d) => meanOf(a, i + d))))
          expect(fitted(score)).toBeCloseTo(Math.max(...from), 12)
        }
      }),
      run
    ))
})

describe("contrasts and correlations", () => {
  const pairs = fc.array(fc.tuple(small, small), { minLength: 2, maxLength: 12 })
  const naive = (x: ReadonlyArray<number>, y: ReadonlyArray<number>) => {
    const n = x.length
    const sxy = n * total(x.map((u, i) => u * y[i]!)) - total(x) * total(y)
    const of = (v: ReadonlyArray<number>) => n * total(v.map((u) => u * u)) - total(v) ** 2
    return of(x) === 0 || of(y) === 0 ? undefined : sxy / Math.sqrt(of(x) * of(y))
  }
  const ranks = (v: ReadonlyArray<number>) =>
    v.map((u) => v.filter((w) => w < u).length + (v.filter((w) => w === u).length + 1) / 2)

  it("law: Pearson's and Spearman's correlation are the textbook's, a constant has none", () =>
    fc.assert(
      fc.property(pairs, (rows) => {
        const [x, y] = [rows.map(([a]) => a), rows.map(([, b]) => b)]
        for (const [found, expected] of [
          [pearson(x, y), naive(x, y)],
          [spearman(x, y), naive(ranks(x), ranks(y))]
        ])
          if (expected === undefined) expect(found).toBeUndefined()
          else expect(found).toBeCloseTo(expected, 12)
      }),
      run
    ))

  it("law: Welch's t and its degrees of freedom are the textbook's, and its p that of t's density", () =>
    fc.assert(
      fc.property(
        fc.array(small, { minLength: 2, maxLength: 9 }),
        fc.array(small, { minLength: 2, maxLength: 9 }),
        (a, b) => {
          const variance = (v: ReadonlyArray<number>) => total(v.map((u) => (u - mean(v)) ** 2)) / (v.length - 1)
          const [va, vb] = [variance(a) / a.length, variance(b) / b.length]
          const found = welch(a, b)
          if (va + vb === 0) {
            expect(found).toBeUndefined()
            return
          }
          expect(found!.t).toBeCloseTo((mean(a) - mean(b)) / Math.sqrt(va + vb), 10)
          const degrees = (va + vb) ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1))
          expect(found!.degrees).toBeCloseTo(degrees, 10)
          // ∫ (1 + u²/ν)^(-(ν+1)/2) du with u = √ν tan θ is ∫ cos^(ν-1) θ dθ up to a constant: Simpson's rule.
          const area = (from: number, to: number) => {
            const n = 2000
            const f = (i: number) => Math.max(0, Math.cos(from + ((to - from) * i) / n)) ** (degrees - 1)
            const inner = Array.from({ length: n - 1 }, (_, i) => (i % 2 === 0 ? 4 : 2) * f(i + 1))
            return ((to - from) / (3 * n)) * (f(0) + total(inner) + f(n))
          }
          const edge = Math.atan(Math.abs(found!.t) / Math.sqrt(degrees))
          expect(found!.p).toBeCloseTo(area(edge, Math.PI / 2) / area(0, Math.PI / 2), 3)
        }
      ),
      { seed: 42, numRuns: 40 }
    ))

  it("law: a prompt's contrast is the mean of its right scores less that of its wrong ones, where both are", () =>
    fc.assert(
      fc.property(pool(), ({ correct, scores }) => {
        const side = (right: boolean) => scores.filter((s, i) => correct[i] === right && Number.isFinite(s))
        const expected = side(true).length * side(false).length === 0 ? undefined : mean(side(true)) - mean(side(false))
        const found = contrastOfPrompt({ correct, scores })
        if (expected === undefined) expect(found).toBeUndefined()
        else expect(found).toBeCloseTo(expected, 12)
      }),
      run
    ))
})

describe("trace scores", () => {
  it("law: each selector is its definition", () =>
    fc.assert(
      fc.property(fc.array(small, { minLength: 1, maxLength: 25 }), fc.nat(24), fc.nat(24), (r, from, to) => {
        const sorted = r.toSorted((a, b) => a - b)
        const cut = Math.floor(r.length / 10)
        const shift = Math.min(0, sorted[0]!) - 1e-8
        const span = { start: Math.min(from, to), end: Math.max(from, to) }
        const weights = r.map((_, t) => (t >= span.start && t < span.end ? 2 : 1))
        const weighted = (w: ReadonlyArray<number>) => total(r.map((x, t) => w[t]! * x)) / total(w)
        const expected = {
          mean: mean(r),
          sum: total(r),
          min: sorted[0]!,
          last: r.at(-1)!,
          "discounted(0.95)": weighted(r.map((_, t) => 0.95 ** (r.length - 1 - t))),
          tail3: mean(r.slice(-3)),
          top3: mean(sorted.slice(-3)),
          softmax2: weighted(r.map((x) => Math.exp(2 * x))),
          power2: Math.sqrt(mean(r.map((x) => (x - shift) ** 2))) + shift,
          trimmed10: mean(sorted.slice(cut, r.length - cut))
        }
        const found = Object.fromEntries(Selectors.all.map(({ name, select }) => [name, select(r)]))
        expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort())
        for (const [name, value] of Object.entries(expected)) expect(found[name]).toBeCloseTo(value, 9)
        expect(Selectors.answerBoost(2, span).select(r)).toBeCloseTo(weighted(weights), 9)
      }),
      run
    ))
})

describe("benchmarks", () => {
  const labelled = fc.array(
    fc.record({ label: fc.integer({ min: -1, max: 2 }), predicted: fc.integer({ min: -1, max: 2 }) }),
    { maxLength: 12 }
  )

  it("law: ProcessBench's F1 is the harmonic mean of exact matches on wrong and on right traces, if there are both", () =>
    fc.assert(
      fc.property(labelled, (traces) => {
        const rate = (own: typeof traces) => own.filter((t) => t.label === t.predicted).length / own.length
        const [wrong, right] = [traces.filter((t) => t.label >= 0), traces.filter((t) => t.label < 0)]
        const found = processBenchF1(traces, few)
        if (wrong.length === 0) expect(found.f1).toMatchObject({ reason: "no trace with a wrong step" })
        else if (right.length === 0) expect(found.f1).toMatchObject({ reason: "no trace without a wrong step" })
        else {
          const [a, b] = [rate(wrong), rate(right)]
          expect(Measurements.value(found.f1)).toBeCloseTo(a + b === 0 ? 0 : (2 * a * b) / (a + b), 12)
        }
      }),
      run
    ))

  it("law: no other threshold has a better F1 than the chosen one", () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ label: fc.integer({ min: -1, max: 1 }), values: fc.tuple(small, small) }), {
          minLength: 2,
          maxLength: 8
        }),
        (rest) => {
          // One of each kind, so that both rates are there.
          const traces = [{ label: 0, values: [-1, 1] }, { label: -1, values: [1, 1] }, ...rest]
          const candidates = [-3.5, -1.5, -0.5, 0.5, 2.5]
          const f1 = (threshold: number) =>
            Measurements.value(
              processBenchF1(
                traces.map(({ label, values }) => ({ label, predicted: firstBelow(values, threshold) })),
                few
              ).f1
            )!
          const chosen = chooseThreshold(traces, candidates)!
          for (const other of candidates) expect(f1(chosen)).toBeGreaterThanOrEqual(f1(other) - 1e-12)
        }
      ),
      run
    ))

  it("law: best-of-4 is how often the first candidate leads, over all orders of ties", () =>
    fc.assert(
      fc.property(fc.array(small, { minLength: 1, maxLength: 5 }), (scores) => {
        const leads = permutations([...scores.keys()]).map((order) =>
          order.toSorted((a, b) => scores[b]! - scores[a]!)[0] === 0 ? 1 : 0
        )
        expect(bestOfFirstOfPrompt(scores)).toBeCloseTo(mean(leads), 12)
      }),
      run
    ))

  it("law: a cell of transfer is the share of right picks less that of random ones, over the same pools", () =>
    fc.assert(
      fc.property(fc.array(pool(4), { minLength: 1, maxLength: 4 }), (pools) => {
        const picked = pools.map(({ correct, scores }) => {
          const best = Math.max(...scores.map((s) => (Number.isFinite(s) ? s : -Infinity)))
          const top = correct.filter((_, i) => (Number.isFinite(scores[i]) ? scores[i] : -Infinity) === best)
          return mean(top.map(Number))
        })
        const least = Math.min(...pools.map(({ correct }) => correct.length))
        const even = pools.filter(({ correct }) => correct.length === least)
        const own = { policy: "p", reward: "r", architecture: "dense", provenance: "f" }
        const cell = transferCell({ ...own, pools: even }, least, few)
        const right = even.map((one) => picked[pools.indexOf(one)]!)
        const random = even.map(({ correct }) => mean(correct.map(Number)))
        expect(Measurements.value(cell.accuracy)).toBeCloseTo(mean(right), 12)
        expect(Measurements.value(cell.gain)).toBeCloseTo(mean(right) - mean(random), 12)
        expect(cell.nonFinite).toBe(even.flatMap(({ scores }) => scores).filter(Number.isNaN).length)
      }),
      run
    ))
})
