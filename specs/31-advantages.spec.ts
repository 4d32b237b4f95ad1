import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { Advantage, type UnitRewards } from "../src/core/objective/index.ts"

interface Fixture {
  readonly groups: ReadonlyArray<ReadonlyArray<number>>
  readonly sequence: ReadonlyArray<number>
  readonly gamma: number
  readonly discounted: ReadonlyArray<ReadonlyArray<number>>
}

const golden: Fixture = JSON.parse(readFileSync(new URL("vectors/objectives.json", import.meta.url), "utf8")).advantages

/** Units of two tokens each. */
const doubled = (units: ReadonlyArray<number>): UnitRewards => ({ units, unitOf: units.flatMap((_, k) => [k, k]) })

const near = (found: ArrayLike<number>, expected: ReadonlyArray<number>): void => {
  expect(found.length).toBe(expected.length)
  for (const [i, e] of expected.entries()) expect(found[i], `[${i}]`).toBeCloseTo(e, 11)
}

describe("groupRelative", () => {
  it("golden: the mean of the units, standardised over the group, as PyTorch's unbiased std", () => {
    const found = Advantage.groupRelative().estimate(golden.groups.map(doubled))
    for (const [i, units] of golden.groups.entries()) {
      near(
        found[i]!,
        units.flatMap(() => [golden.sequence[i]!, golden.sequence[i]!])
      )
    }
  })

  it("golden: rewards 1, 2, 3 with a floor of 1 give ∓½ and 0", () => {
    const group = [[1], [2], [3]].map((units) => doubled(units))
    near(
      Advantage.groupRelative({ floor: 1 })
        .estimate(group)
        .map((tokens) => tokens[0]!),
      [-0.5, 0, 0.5]
    )
  })

  it("golden: another selector is seen through", () => {
    const group = [doubled([5, -1]), doubled([0, 0])]
    const [first] = Advantage.groupRelative({ select: (units) => Math.min(...units), selector: "min" }).estimate(group)
    expect(first![0]).toBeLessThan(0)
  })

  it("edge: equal rewards, a group of one, and an empty completion", () => {
    const same = Advantage.groupRelative().estimate([doubled([2]), doubled([2])])
    for (const tokens of same) expect(Array.from(tokens)).toEqual([0, 0])
    near(Advantage.groupRelative().estimate([doubled([7])])[0]!, [0, 0])
    const [full, empty, other] = Advantage.groupRelative().estimate([doubled([1]), doubled([]), doubled([3])])
    expect(empty!.length).toBe(0)
    near(full!, [-1 / (Math.SQRT2 + 1e-4), -1 / (Math.SQRT2 + 1e-4)])
    expect(other![0]).toBe(-full![0]!)
  })

  it("edge: tokens without a verdict take no part", () => {
    const unknown: UnitRewards = { units: [], unitOf: [0, 0, 0] }
    const [known, none] = Advantage.groupRelative().estimate([doubled([1]), unknown, doubled([1])])
    expect(Array.from(none!)).toEqual([0, 0, 0])
    expect(Array.from(known!)).toEqual([0, 0])
    expect(Array.from(Advantage.discounted(0.9).estimate([doubled([1]), unknown])[1]!)).toEqual([0, 0, 0])
  })
})

describe("discounted", () => {
  it("golden: the discounted mean of standardised units from its own on, by the definition's double sum", () => {
    const found = Advantage.discounted(golden.gamma).estimate(golden.groups.map(doubled))
    for (const [i, expected] of golden.discounted.entries()) {
      near(
        found[i]!,
        expected.flatMap((a) => [a, a])
      )
    }
  })

  it("golden: γ = 0 is the unit's own standardised reward", () => {
    const found = Advantage.discounted(0).estimate([doubled([1, 3])])
    near(
      found[0]!,
      [-1, -1, 1, 1].map((a) => a / (Math.SQRT2 + 1e-4))
    )
  })

  it("edge: 5000 units at γ = 0.9 stay finite, and a completion without units is empty", () => {
    const long = Array.from({ length: 5000 }, (_, k) => Math.sin(k))
    const [tokens, none] = Advantage.discounted(0.9).estimate([doubled(long), doubled([])])
    expect(tokens!.every(Number.isFinite)).toBe(true)
    expect(none!.length).toBe(0)
  })
})

describe("returnsToGo", () => {
  it("golden: 1, 2, 3 at γ = ½ give 2.75, 3.5, 3", () => {
    expect(Advantage.returnsToGo([1, 2, 3], 0.5)).toEqual([2.75, 3.5, 3])
  })

  it("golden: of weights 1, ½, ¼, ⅛ those below ¼ are dropped, ¼ itself is kept", () => {
    expect(Advantage.returnsToGo([1, 1, 1, 1], 0.5, 0.25)).toEqual([1.75, 1.75, 1.5, 1])
  })
})

describe("discountedDense, leaveOneOut", () => {
  // Token rewards 1, 1, 3, 3 and -1, -1; the last ones, 3 and -1, stand for the traces: mean 1, deviation 2√2.
  const group = [doubled([1, 3]), doubled([-1])]

  it("golden: sums over tokens of rewards standardised by the traces' last", () => {
    const s = 2 * Math.SQRT2 + 1e-4
    const [first, second] = Advantage.discountedDense({ gamma: 0.5 }).estimate(group)
    near(
      first!,
      [0.75, 1.5, 3, 2].map((x) => x / s)
    )
    near(
      second!,
      [-3, -2].map((x) => x / s)
    )
  })

  it("golden: sums over tokens of rewards less the other trace's last", () => {
    const [first, second] = Advantage.leaveOneOut({ gamma: 1 }).estimate(group)
    near(first!, [12, 10, 8, 4])
    near(second!, [-8, -4])
  })
})

describe("averageDense", () => {
  it("golden: a unit of three tokens counts three times", () => {
    const long: UnitRewards = { units: [1, 5], unitOf: [0, 0, 0, 1] }
    const [first, second] = Advantage.averageDense({ scale: "none" }).estimate([long, doubled([0])])
    near(first!, [1, 1, 1, 1])
    near(second!, [-1, -1])
  })
})

describe("positivePart", () => {
  it("golden: max(A, 0), token by token", () => {
    const estimator = Advantage.groupRelative()
    const group = [doubled([1]), doubled([3])]
    const [low, high] = Advantage.positivePart(estimator).estimate(group)
    expect(Array.from(low!)).toEqual([0, 0])
    expect(high).toEqual(estimator.estimate(group)[1])
  })
})

describe("segmentLocal", () => {
  const parts = (g: ReadonlyArray<number>, f: ReadonlyArray<number>): UnitRewards => ({
    units: g,
    unitOf: g.map((_, k) => k),
    segment: { g, f }
  })
  const { LocalSignals } = Advantage

  it("golden: signals of f = 1, 4, 2: clipped changes 0, 2, -2; falls 0, 0, 2; g itself", () => {
    const segment = { g: [7, 8, 9], f: [1, 4, 2] }
    expect(LocalSignals.clippedDeltaF.of(segment)).toEqual([0, 2, -2])
    expect(LocalSignals.dropF.of(segment).map(Math.abs)).toEqual([0, 0, 2])
    expect(LocalSignals.g.of(segment)).toEqual([7, 8, 9])
    expect(Object.values(LocalSignals).map(({ sign }) => sign)).toEqual([1, 1, -1])
  })

  it("golden: rewards by their population deviation over the group, and half the standardised falls taken off", () => {
    // Rewards 1, 3 and 5, 7 have mean 4 and deviation √5; falls 0, 2 and 0, 0 have mean ½ and deviation √¾.
    const group = [parts([1, 3], [2, 0]), parts([5, 7], [1, 1])]
    const own = [-3, -1, 1, 3].map((x) => x / Math.sqrt(5))
    near(
      Advantage.segmentLocal()
        .estimate(group)
        .flatMap((row) => Array.from(row)),
      own
    )
    const local = { signal: LocalSignals.dropF, weight: 0.5 }
    near(
      Advantage.segmentLocal({ local })
        .estimate(group)
        .flatMap((row) => Array.from(row)),
      [-0.5, 1.5, -0.5, -0.5].map((fall, i) => own[i]! - (0.5 * fall) / Math.sqrt(0.75))
    )
  })

  it("edge: tokens without a verdict get 0, and equal rewards nothing to divide by", () => {
    const unknown: UnitRewards = { units: [], unitOf: [0, 0] }
    const [known, none] = Advantage.segmentLocal().estimate([doubled([1, 1]), unknown])
    expect(Array.from(none!)).toEqual([0, 0])
    expect(Array.from(known!)).toEqual([0, 0, 0, 0])
  })
})
