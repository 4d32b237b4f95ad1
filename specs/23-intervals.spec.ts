import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import {
  combineOverPrompts,
  differenceOverPrompts,
  Measurements,
  meanOverPrompts,
  meanOverSeeds,
  Resamplings,
  studentT95
} from "../src/core/evaluation/index.ts"

describe("over prompts", () => {
  it("golden: quantiles interpolate linearly, as NumPy's default", () => {
    expect(Resamplings.quantile([1, 2, 3, 4], 0.025)).toBeCloseTo(1.075, 14)
    expect(Resamplings.quantile([1, 2, 3, 4], 0.5)).toBe(2.5)
    expect(Resamplings.quantile([7], 0.975)).toBe(7)
  })

  it("golden: the bootstrap of a share agrees with the binomial spread", () => {
    const values = Array.from({ length: 400 }, (_, i) => (i < 160 ? 1 : 0))
    const measured = meanOverPrompts(values, { seed: 1, draws: 4000 }, "none")
    expect(measured).toMatchObject({ _tag: "Estimate", value: 0.4, n: 400 })
    // Binomial(400, .4) / 400: standard deviation .02449, so the interval is .4 ± .048 to about .002
    const [lo, hi] = measured._tag === "Estimate" ? measured.ci95 : [Number.NaN, Number.NaN]
    expect(Math.abs(lo - 0.352)).toBeLessThan(0.004)
    expect(Math.abs(hi - 0.448)).toBeLessThan(0.004)
  })

  it("edge: a constant paired difference has no spread, though each side has", () => {
    const a = [0.1, 0.5, 0.9, 0.3]
    const measured = differenceOverPrompts(
      a.map((x) => x + 0.25),
      a,
      Resamplings.standard
    )
    expect(measured).toHaveProperty("ci95", [expect.closeTo(0.25, 12), expect.closeTo(0.25, 12)])
  })

  it("edge: prompts without a value are left out of the mean and of n", () => {
    expect(meanOverPrompts([1, undefined, 1], Resamplings.standard, "none")).toEqual({
      _tag: "Estimate",
      value: 1,
      ci95: [1, 1],
      n: 2
    })
  })

  it("edge: one prompt shows no spread, so its interval is the whole range", () => {
    expect(meanOverPrompts([0.5], Resamplings.standard, "none")).toHaveProperty("ci95", [0, 1])
  })
})

describe("measurements", () => {
  it("golden: an estimate exceeds what lies below its whole interval and falls below what lies above it; what is not available does neither", () => {
    const measured = Measurements.estimate(0.2, [0.1, 0.3], 5)
    expect([0, 0.1, 0.2].map((x) => Measurements.exceeds(measured, x))).toEqual([true, false, false])
    expect(Measurements.exceeds(Measurements.notAvailable("none"), -1)).toBe(false)
    expect([0.4, 0.3, 0.2].map((x) => Measurements.fallsBelow(measured, x))).toEqual([true, false, false])
    expect(Measurements.fallsBelow(Measurements.notAvailable("none"), 1)).toBe(false)
    expect([measured, Measurements.notAvailable("none")].map(Measurements.value)).toEqual([0.2, undefined])
  })

  it("error: paired metrics of different prompts, and means of nothing", () => {
    expect(() => differenceOverPrompts([1], [1, 2], Resamplings.standard)).toThrow(
      "Paired metrics need the same prompts: 1 and 2."
    )
    expect(meanOverPrompts([], Resamplings.standard, "none at all")).toEqual({
      _tag: "NotAvailable",
      reason: "none at all"
    })
    expect(differenceOverPrompts([1, undefined], [undefined, 1], Resamplings.standard)).toMatchObject({
      reason: "no prompt has both values"
    })
    expect(differenceOverPrompts([1, undefined, 0.5], [undefined, 1, 0.25], Resamplings.standard)).toMatchObject({
      value: 0.25,
      n: 1
    })
    expect(meanOverSeeds([1, Number.NaN])).toMatchObject({ reason: "a run has no finite value" })
  })

  it("edge: one pair shows no spread: the difference of shares may be anything; draws that define nothing give none", () => {
    expect(differenceOverPrompts([1], [0.5], Resamplings.standard)).toHaveProperty("ci95", [-1, 1])
    const options = { resampling: Resamplings.standard, unavailable: "none" }
    expect(combineOverPrompts([[0.5]], (sums) => sums[0]!, options)).toHaveProperty("ci95", [0, 1])
    expect(combineOverPrompts([], () => 1, options)).toMatchObject({ reason: "none" })
    expect(Resamplings.interval(3, () => Number.NaN, Resamplings.standard)).toBeUndefined()
  })

  it("law: the next metric over as many prompts sees the draws that are kept, over others its own", () => {
    const resampling = { seed: 3, draws: 2 }
    const seen = (prompts: number) => {
      const draws: Array<Uint32Array> = []
      Resamplings.interval(prompts, (multiplicity) => draws.push(multiplicity), resampling)
      return draws
    }
    const [first, second, other, again] = [seen(5), seen(5), seen(4), seen(5)]
    expect(first.every((draw, i) => draw === second[i])).toBe(true)
    expect(other.map((draw) => draw.length)).toEqual([4, 4])
    expect(again).toEqual(first)
  })

  it("law: draws that are too many to keep are the same ones, in one array that serves for all", () => {
    const prompts = 2 ** 15
    const drawn = (draws: number) => {
      const seen: Array<{ readonly draw: Uint32Array; readonly copy: Uint32Array }> = []
      const statistic = (draw: Uint32Array): number => {
        if (seen.push({ draw, copy: draw.slice() }) === 2) throw new Error("two are enough")
        return 0
      }
      expect(() => Resamplings.interval(prompts, statistic, { seed: 3, draws })).toThrow("two are enough")
      return seen
    }
    const [kept, passing] = [drawn(2), drawn(2 ** 10 + 1)]
    expect(passing.map(({ copy }) => copy)).toEqual(kept.map(({ copy }) => copy))
    expect([kept, passing].map(([first, second]) => first!.draw === second!.draw)).toEqual([false, true])
  })

  it("law: every draw has as many prompts as there are", () => {
    let draws = 0
    const interval = Resamplings.interval(
      5,
      (multiplicity) => {
        draws++
        return multiplicity.reduce((sum, m) => sum + m, 0)
      },
      { seed: 3, draws: 40 }
    )
    expect([interval, draws]).toEqual([[5, 5], 40])
  })
})

describe("over seeds", () => {
  it("golden: Student's t as in SciPy", () => {
    const golden: { readonly studentT95: Readonly<Record<string, number>> } = JSON.parse(
      readFileSync(new URL("fixtures/separation.json", import.meta.url), "utf8")
    )
    for (const [degrees, expected] of Object.entries(golden.studentT95)) {
      expect(studentT95(Number(degrees))).toBeCloseTo(expected, 9)
    }
  })

  it("golden: mean and interval of 1 2 3", () => {
    const measured = meanOverSeeds([1, 2, 3])
    expect(measured).toMatchObject({ value: 2, n: 3 })
    expect(measured).toHaveProperty("ci95", [expect.closeTo(-0.484138, 6), expect.closeTo(4.484138, 6)])
    expect(meanOverSeeds([0.5, 0.5])).toMatchObject({ value: 0.5, ci95: [0.5, 0.5] })
  })

  it("edge: one run has no interval over seeds", () => {
    expect(meanOverSeeds([1])).toEqual({
      _tag: "NotAvailable",
      reason: "an interval over seeds needs at least 2 runs, not 1"
    })
  })
})
