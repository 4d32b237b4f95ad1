import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { averagePrecision, counterparts, edits, Places } from "../../src/core/evaluation/index.ts"
import { mean, permutations } from "./pools.ts"

const run = { seed: 42, numRuns: 60 }
const places = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.boolean()), { minLength: 1, maxLength: 5 })
  .map((cells) => ({ suspicion: cells.map(([s]) => s), near: cells.map(([, n]) => n) }))

const orders = (suspicion: ReadonlyArray<number>) =>
  permutations([...suspicion.keys()]).map((order) => order.toSorted((a, b) => suspicion[b]! - suspicion[a]!))

describe("places", () => {
  it("law: hit and reciprocal rank are means over all orders of ties", () =>
    fc.assert(
      fc.property(places, fc.integer({ min: 1, max: 6 }), ({ suspicion, near }, K) => {
        const all = orders(suspicion)
        const hits = all.map((order) => (order.slice(0, K).some((i) => near[i]) ? 1 : 0))
        expect(Places.hitAtK({ suspicion, near }, K)).toBeCloseTo(mean(hits), 12)
        const ranks = all.map((order) => order.findIndex((i) => near[i]))
        const reciprocal = ranks.map((r) => (r < 0 ? 0 : 1 / (r + 1)))
        expect(Places.reciprocalRank({ suspicion, near })).toBeCloseTo(mean(reciprocal), 12)
      }),
      run
    ))

  it("law: chance is what a constant signal reaches, by every measure", () =>
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 13 }),
        (near, K) => {
          const [n, h] = [near.length, near.filter(Boolean).length]
          const flat = { suspicion: near.map(() => 1), near }
          expect(Places.chanceAtK(n, h, K)).toBeCloseTo(Places.hitAtK(flat, K), 12)
          expect(Places.chanceReciprocalRank(n, h)).toBeCloseTo(Places.reciprocalRank(flat), 12)
          expect(Places.massNear(flat)).toBeCloseTo(h / n, 12)
          expect(Places.chanceAveragePrecision(n, h)).toBeCloseTo(averagePrecision(flat.suspicion, near) ?? 0, 12)
        }
      ),
      run
    ))
})

const sequence = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 9 })

describe("alignment", () => {
  it("law: what lies between edits is equal on both sides, and as long as the longest common subsequence", () =>
    fc.assert(
      fc.property(sequence, sequence, (a, b) => {
        let [i, j, kept] = [0, 0, 0]
        for (const { clean, perturbed } of [
          ...edits(a, b),
          { clean: [a.length, a.length], perturbed: [b.length, b.length] }
        ]) {
          expect(a.slice(i, clean[0])).toEqual(b.slice(j, perturbed[0]))
          kept += clean[0]! - i
          ;[i, j] = [clean[1]!, perturbed[1]!]
        }
        const longest = (x: ReadonlyArray<number>, y: ReadonlyArray<number>): number =>
          x.length === 0 || y.length === 0
            ? 0
            : x[0] === y[0]
              ? 1 + longest(x.slice(1), y.slice(1))
              : Math.max(longest(x.slice(1), y), longest(x, y.slice(1)))
        expect(kept).toBe(longest(a, b))
      }),
      run
    ))

  it("law: counterparts never go back, lie within the clean trace, and are equal where nothing was edited", () =>
    fc.assert(
      fc.property(
        sequence.filter((a) => a.length > 0),
        sequence,
        (a, b) => {
          const found = counterparts(a, b)
          expect(found.length).toBe(b.length)
          for (const [j, i] of found.entries()) {
            expect(i >= 0 && i < a.length).toBe(true)
            if (j > 0) expect(i).toBeGreaterThanOrEqual(found[j - 1]!)
          }
          expect(counterparts(a, a)).toEqual([...a.keys()])
        }
      ),
      run
    ))
})
