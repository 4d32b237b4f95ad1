import { describe, expect, it } from "vitest"
import { Advantage, type AdvantageEstimator } from "../src/core/objective/index.ts"

const { discountedDense, unitRelative } = Advantage

/** Advantages of a group whose units have one token each. */
const estimate = (estimator: AdvantageEstimator, group: ReadonlyArray<ReadonlyArray<number>>) =>
  estimator
    .estimate(group.map((units) => ({ units, unitOf: units.map((_, k) => k) })))
    .map((row): ReadonlyArray<number> => Array.from(row))

const raw = (gamma: number) => unitRelative({ gamma, scale: "none" })

describe("unitRelative", () => {
  it("golden: two rollouts of two units and of one, by hand", () => {
    // Profiles 1, 3 and 4, 4: baseline 2.5 and 3.5, so δ = -1.5, -0.5 against 4 - 3 = 1.
    const group = [[1, 3], [4]]
    expect(estimate(raw(0), group)).toEqual([[-1.5, -0.5], [1]])
    expect(estimate(raw(1), group)).toEqual([[-1, -0.5], [1]])
    // s² = (½·1.5² + ½·0.5²) · 2 rollouts / (2 - 1)
    const s = Math.sqrt(2.5)
    expect(estimate(unitRelative({ gamma: 1, floor: 0 }), group)[1]![0]).toBeCloseTo(1 / s, 12)
    expect(estimate(unitRelative({ gamma: 1, floor: 0.5 }), group)[1]![0]).toBeCloseTo(1 / (s + 0.5), 12)
  })

  it("golden: three rollouts of one unit are standardised by their unbiased deviation", () => {
    // -3, 0, 3 about their mean: s² = 18 / 2.
    const found = estimate(unitRelative({ gamma: 0.9 }), [[1], [4], [7]]).map(([a]) => a!)
    for (const [i, a] of [-1, 0, 1].entries()) expect(found[i]).toBeCloseTo((3 * a) / (3 + 1e-4), 12)
  })

  it("golden: a longer good rollout gains under a sum of tokens, and not here", () => {
    const [short, long] = [[2, 2], new Array<number>(20).fill(2)]
    const bad = [-1, -1]
    const ofSum = discountedDense({ gamma: 1 })
    const ours = unitRelative({ gamma: 1 })
    const gain = (estimator: AdvantageEstimator) =>
      estimate(estimator, [long, bad])[0]![0]! / estimate(estimator, [short, bad])[0]![0]!
    expect(gain(ofSum)).toBeCloseTo(10, 9)
    expect(gain(ours)).toBeCloseTo(1, 9)
  })
})
