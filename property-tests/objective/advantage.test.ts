import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Advantage, type UnitRewards } from "../../src/core/objective/index.ts"
import { allClose, close } from "./close.ts"

const ci = { seed: 42, numRuns: 200 }
const { averageDense, batchScaled, discountedDense, groupRelative, leaveOneOut, overGroups, plusOutcome } = Advantage
const { LocalSignals, returnsToGo, segmentLocal, unitRelative } = Advantage

const rewards = fc.integer({ min: -40, max: 40 }).map((n) => n / 8)

/** Rollouts of one to six units of one to three tokens. */
const rollouts: fc.Arbitrary<UnitRewards> = fc
  .array(fc.tuple(rewards, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 6 })
  .map((units) => ({
    units: units.map(([reward]) => reward),
    unitOf: units.flatMap(([, length], k) => Array.from({ length }, () => k))
  }))

const groups = fc.array(rollouts, { minLength: 2, maxLength: 5 })

const agree = (a: ReadonlyArray<Float64Array>, b: ReadonlyArray<Float64Array>, tolerance = 1e-7): boolean =>
  a.length === b.length && a.every((row, i) => allClose(row, b[i]!, tolerance))

const mapRewards = (group: ReadonlyArray<UnitRewards>, f: (r: number) => number): ReadonlyArray<UnitRewards> =>
  group.map(({ units, unitOf }) => ({ units: units.map(f), unitOf }))

const perToken = (group: ReadonlyArray<UnitRewards>): ReadonlyArray<UnitRewards> =>
  group.map(({ units, unitOf }) => ({
    units: Array.from(unitOf, (k) => units[k]!),
    unitOf: Array.from(unitOf, (_, t) => t)
  }))

const law = (name: string, holds: (group: ReadonlyArray<UnitRewards>) => boolean) =>
  it(`law: ${name}`, () => fc.assert(fc.property(groups, holds), ci))

describe("scales", () => {
  for (const one of [
    groupRelative({ floor: 0 }),
    averageDense({ floor: 0 }),
    unitRelative({ gamma: 0.9, floor: 0 }),
    unitRelative({ gamma: 1, floor: 0 })
  ]) {
    it(`law: ${one.name}: rewards times a positive number have the same advantages`, () =>
      fc.assert(
        fc.property(groups, fc.constantFrom(0.25, 3, 100), (group, c) => {
          // Equal trace rewards have no scale to be measured by.
          fc.pre(one.estimate(group).every((row) => row.every((a) => Number.isFinite(a) && Math.abs(a) < 100)))
          return agree(one.estimate(mapRewards(group, (r) => c * r)), one.estimate(group))
        }),
        ci
      ))
  }

  for (const one of [
    groupRelative({ scale: "none" }),
    leaveOneOut({ gamma: 0.9 }),
    unitRelative({ gamma: 0.9, scale: "none" })
  ]) {
    it(`law: ${one.name}: unscaled, rewards times c have advantages times c`, () =>
      fc.assert(
        fc.property(groups, fc.constantFrom(-2, 0.5, 3), (group, c) =>
          agree(
            one.estimate(mapRewards(group, (r) => c * r)),
            one.estimate(group).map((row) => row.map((a) => c * a))
          )
        ),
        ci
      ))
  }

  it("law: a batch of one group is scaled as the group is; of several, each is centred by itself", () => {
    fc.assert(
      fc.property(groups, groups, (one, other) => {
        const alone = batchScaled().estimateBatch([one])
        const firsts = batchScaled()
          .estimateBatch([one, other])
          .map((rows) => rows.reduce((sum, row) => sum + row[0]!, 0))
        return agree(alone[0]!, groupRelative().estimate(one)) && firsts.every((sum) => close(sum, 0, 1e-7))
      }),
      ci
    )
  })

  it("law: within a batch, advantages are proportional to the unscaled ones, whatever the group", () => {
    const plain = overGroups(groupRelative({ scale: "none" }))
    fc.assert(
      fc.property(groups, groups, (one, other) => {
        const scaled = batchScaled().estimateBatch([one, other]).flat()
        const raw = plain.estimateBatch([one, other]).flat()
        const [a, b] = [scaled.map((row) => row[0]!), raw.map((row) => row[0]!)]
        return a.every((x, i) => close(x * b[0]!, a[0]! * b[i]!, 1e-7))
      }),
      ci
    )
  })
})

describe("averageDense", () => {
  law("equals groupRelative once every token is a unit", (group) =>
    agree(averageDense().estimate(group), groupRelative().estimate(perToken(group)))
  )
})

describe("returnsToGo", () => {
  const cases = fc.tuple(
    fc.array(rewards, { maxLength: 20 }),
    fc.constantFrom(0, 0.3, 0.9, 1),
    fc.constantFrom(0, 1e-4, 0.1, 0.5)
  )

  it("law: the recurrence equals the definition's double sum, dropped weights included", () =>
    fc.assert(
      fc.property(cases, ([xs, gamma, smallest]) =>
        allClose(
          returnsToGo(xs, gamma, smallest),
          xs.map((_, k) =>
            xs.slice(k).reduce((sum, x, n) => (n === 0 || gamma ** n >= smallest ? sum + gamma ** n * x : sum), 0)
          )
        )
      ),
      ci
    ))
})

describe("discountedDense, leaveOneOut", () => {
  const last = ({ units }: UnitRewards): number => units[units.length - 1]!
  const mean = (xs: ReadonlyArray<number>) => xs.reduce((sum, x) => sum + x, 0) / xs.length
  const suffix = (rows: ReadonlyArray<ReadonlyArray<number>>) =>
    rows.map((row) => Float64Array.from(row, (_, t) => row.slice(t).reduce((sum, x, n) => sum + 0.9 ** n * x, 0)))

  law("discountedDense is the double sum of its definition", (group) => {
    const R = group.map(last)
    const m = mean(R)
    const std = Math.sqrt(R.reduce((sum, r) => sum + (r - m) ** 2, 0) / (R.length - 1))
    const rows = perToken(group).map(({ units }) => units.map((r) => (r - m) / (std + 1e-4)))
    return agree(discountedDense({ gamma: 0.9, smallestWeight: 0 }).estimate(group), suffix(rows), 1e-6)
  })

  law("leaveOneOut is the double sum of its definition", (group) => {
    const rows = perToken(group).map(({ units }, i) =>
      units.map((r) => r - mean(group.filter((_, j) => j !== i).map(last)))
    )
    return agree(leaveOneOut({ gamma: 0.9, smallestWeight: 0 }).estimate(group), suffix(rows))
  })

  law("at γ = 0 with one unit a rollout, leaveOneOut is the unscaled advantage times G / (G - 1)", (group) => {
    const sparse = group.map(({ units, unitOf }) => ({ units: [units[0]!], unitOf: Array.from(unitOf, () => 0) }))
    const raw = groupRelative({ scale: "none" }).estimate(sparse)
    const factor = group.length / (group.length - 1)
    return agree(
      leaveOneOut({ gamma: 0 }).estimate(sparse),
      raw.map((row) => row.map((a) => a * factor))
    )
  })

  it("edge: a lone rollout, and one without units, get 0; the others are as if it were absent", () => {
    const none: UnitRewards = { units: [], unitOf: [0, 0] }
    const full: UnitRewards = { units: [1, 3], unitOf: [0, 1] }
    for (const one of [
      discountedDense({ gamma: 0.9 }),
      leaveOneOut({ gamma: 0.9 }),
      averageDense(),
      unitRelative({ gamma: 1 })
    ]) {
      expect(one.estimate([full])[0]!.every((a) => close(a, 0))).toBe(true)
      const other: UnitRewards = { units: [-1], unitOf: [0] }
      const [a, empty, b] = one.estimate([full, none, other])
      expect(Array.from(empty!)).toEqual([0, 0])
      expect([a, b]).toEqual(one.estimate([full, other]))
    }
  })
})

describe("segmentLocal", () => {
  law("segment advantages of a group have mean 0 and deviation 1, or are all 0", (group) => {
    const single = group.map(({ units }) => ({ units, unitOf: units.map((_, k) => k) }))
    const all = segmentLocal()
      .estimate(single)
      .flatMap((row) => Array.from(row))
    const square = all.reduce((sum, a) => sum + a * a, 0) / all.length
    return (
      close(
        all.reduce((sum, a) => sum + a, 0),
        0,
        1e-7
      ) &&
      (square < 1e-12 || close(square, 1, 1e-7))
    )
  })

  it("golden: signals of f = 1, 4, 3 by hand", () => {
    const parts = { g: [5, 6, 7], f: [1, 4, 3] }
    expect(LocalSignals.g.of(parts)).toEqual([5, 6, 7])
    expect(LocalSignals.clippedDeltaF.of(parts)).toEqual([0, 2, -1])
    expect(LocalSignals.dropF.of(parts).map((x) => x + 0)).toEqual([0, 0, 1])
  })

  it("golden: a fall of f is blamed on the segment where it fell", () => {
    const segment = { g: [0, 0, 0], f: [2, 2, 0] }
    const group: ReadonlyArray<UnitRewards> = [{ units: [1, 1, 1], unitOf: [0, 1, 2], segment }]
    const [found] = segmentLocal({ local: { signal: LocalSignals.dropF, weight: 0.5 } }).estimate(group)
    // z of 0, 0, 2 with the population's deviation √(8/9): -1/√2, -1/√2, √2.
    expect(allClose(found!, [0.5 / Math.SQRT2, 0.5 / Math.SQRT2, -0.5 * Math.SQRT2])).toBe(true)
  })
})

describe("plusOutcome", () => {
  it("golden: outcome rewards 0 and 2 add ∓1/√2, and rollouts without one nothing", () => {
    const one = (outcome: number | undefined): UnitRewards => ({
      units: [1],
      unitOf: [0],
      ...(outcome === undefined ? {} : { outcome })
    })
    const [low, high, none] = plusOutcome(groupRelative()).estimate([one(0), one(2), one(undefined)])
    expect(low![0]).toBeCloseTo(-1 / (Math.SQRT2 + 1e-4), 12)
    expect(high![0]).toBeCloseTo(1 / (Math.SQRT2 + 1e-4), 12)
    expect(none![0]).toBe(0)
  })
})
