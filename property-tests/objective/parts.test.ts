import { describe, expect, it } from "vitest"
import {
  Advantage,
  Aggregations,
  PolicyLoss,
  SamplerCorrections,
  Segment,
  Statistics,
  type UnitRewards
} from "../../src/core/objective/index.ts"
import { differentiated, type Feed } from "./differentiated.ts"

const shape = [2, 2] as const
const feed = (values: ReadonlyArray<number>): Feed => [values, shape]

describe("statistics", () => {
  it("golden: of 1, 2, 6 the mean is 3, deviations √7 and √(14/3); of one or none all are 0", () => {
    const { mean, populationStd, sampleStd } = Statistics
    expect([mean, sampleStd, populationStd].map((of) => of([1, 2, 6]))).toEqual([3, Math.sqrt(7), Math.sqrt(14 / 3)])
    expect([mean([5]), sampleStd([5]), populationStd([5])]).toEqual([5, 0, 0])
    expect([mean, sampleStd, populationStd].map((of) => of([]))).toEqual([0, 0, 0])
    expect(Statistics.STD_FLOOR).toBe(1e-4)
  })
})

describe("sampler corrections on numbers", () => {
  const ratios = [0.1, 0.5, 1, 2, 3]

  it("golden: truncated ratios end at the bounds, masked ones become 0 beyond them", () => {
    const both = { level: "token", cap: 2, floor: 0.5 } as const
    expect(ratios.map(SamplerCorrections.truncated(both).bounded)).toEqual([0.5, 0.5, 1, 2, 2])
    expect(ratios.map(SamplerCorrections.masked(both).bounded)).toEqual([0, 0.5, 1, 2, 0])
    const above = { level: "sequence", cap: 2 } as const
    expect(ratios.map(SamplerCorrections.truncated(above).bounded)).toEqual([0.1, 0.5, 1, 2, 2])
    expect(ratios.map(SamplerCorrections.masked(above).bounded)).toEqual([0.1, 0.5, 1, 2, 0])
    expect([both, above].map((o) => SamplerCorrections.masked(o).level)).toEqual(["token", "sequence"])
    expect([both, above].map((o) => SamplerCorrections.truncated(o).level)).toEqual(["token", "sequence"])
  })

  it("golden: an objective says what corrects it, and which of its metrics count completions", () => {
    const plain = { clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0, aggregation: Aggregations.grpo }
    const correction = SamplerCorrections.masked({ level: "token", cap: 2 })
    const token = PolicyLoss.clippedSurrogate(plain)
    const sequence = PolicyLoss.clippedSurrogate({ ...plain, ratio: "sequence", correction })
    expect([token.correction, sequence.correction]).toEqual([undefined, correction])
    expect([token.perCompletion, sequence.perCompletion]).toEqual([
      [],
      ["clip_ratio/low_mean", "clip_ratio/high_mean", "clip_ratio/region_mean"]
    ])
  })
})

describe("batches with rows that only pad", () => {
  it("golden: they are no completions, neither in the loss nor in shares of completions", () => {
    // The first completion's ratio e² is clipped; the second row is padding.
    const inputs = {
      logProbs: feed([-1, -1, -1, -1]),
      oldLogProbs: feed([-3, -3, -1, -1]),
      advantages: feed([2, 2, 2, 2]),
      mask: feed([1, 1, 0, 0])
    }
    const run = (whole: { readonly rows?: number; readonly completions?: number }) => {
      const objective = PolicyLoss.clippedSurrogate({
        clipLow: 0.2,
        clipHigh: 0.2,
        klCoefficient: 0,
        ratio: "sequence",
        aggregation: Aggregations.bnpo
      })
      const found = differentiated(inputs, [], (x) => objective.loss({ ...x, referenceLogProbs: x.logProbs, ...whole }))
      return [found.loss, found.metric("clip_ratio/high_mean"), found.metric("clip_ratio/low_mean")]
    }
    expect(run({ rows: 1 })).toEqual([expect.closeTo(-2.4, 12), expect.closeTo(1, 12), 0])
    expect(run({})).toEqual([expect.closeTo(-2.4, 12), expect.closeTo(0.5, 12), 0])
    expect(run({ rows: 1, completions: 3 })[0]).toBeCloseTo(-0.8, 12)
  })
})

describe("likelihoods", () => {
  it("golden: each token's by its weight, with k3 of the reference as a metric", () => {
    const objective = PolicyLoss.weightedLikelihood(Aggregations.dapo)
    const found = differentiated(
      {
        logProbs: feed([-1, -2, -3, -9]),
        reference: feed([-1, -2, -2, -5]),
        advantages: feed([1, -1, 2, 7]),
        mask: feed([1, 1, 1, 0])
      },
      ["logProbs"],
      ({ reference, ...x }) => objective.loss({ ...x, oldLogProbs: x.logProbs, referenceLogProbs: reference })
    )
    expect(objective.name).toBe("weighted-likelihood(dapo)")
    expect(found.loss).toBeCloseTo((1 - 2 + 6) / 3, 12)
    expect(found.gradient("logProbs")).toEqual([-1 / 3, 1 / 3, -2 / 3, 0].map((g) => expect.closeTo(g, 12)))
    expect(found.metric("kl")).toBeCloseTo((Math.E - 2) / 3, 12)
  })

  it("golden: of a part, over the tokens of the whole", () => {
    const loss = (tokens?: number) =>
      differentiated({ logProbs: feed([-1, -2, -3, -9]), mask: feed([1, 1, 1, 0]) }, [], ({ logProbs, mask }) => ({
        loss: PolicyLoss.negativeLogLikelihood(logProbs, mask, tokens),
        metrics: {}
      })).loss
    expect([loss(), loss(12)]).toEqual([expect.closeTo(2, 12), expect.closeTo(0.5, 12)])
  })
})

describe("segmentParts", () => {
  it("golden: f = g + clamp(γ·H' - H), as the loss has it", () => {
    const terms = { g: [1, 1, 1], before: [0, 4, -4], after: [2, 2, 2] }
    expect(Segment.segmentParts(terms, { gamma: 0.5 })).toEqual({ g: [1, 1, 1], f: [2, -2, 6] })
    expect(Segment.segmentParts(terms, { gamma: 0.5, shapeClamp: 2 }).f).toEqual([2, -1, 3])
  })
})

describe("plusOutcomes", () => {
  const rollout = (reward: number, outcome?: number): UnitRewards => ({
    units: [reward],
    unitOf: [0, 0],
    ...(outcome === undefined ? {} : { outcome })
  })
  const unscaled = Advantage.groupRelative({ scale: "none" })

  it("golden: half the outcomes' difference by their deviation, in the group where there are outcomes", () => {
    const groups = [
      [rollout(1, 0), rollout(3, 2)],
      [rollout(5), rollout(5)]
    ]
    const both = Advantage.plusOutcomes(Advantage.overGroups(unscaled))
    const half = 1 / (Math.SQRT2 + 1e-4)
    const found = both.estimateBatch(groups).map((group) => group.map((row) => Array.from(row)))
    for (const [i, expected] of [-1 - half, 1 + half].entries())
      expect(found[0]![i]).toEqual([expect.closeTo(expected, 12), expect.closeTo(expected, 12)])
    expect(found[1]).toEqual([
      [0, 0],
      [0, 0]
    ])
    expect(both.estimateBatch(groups)[0]).toEqual(Advantage.plusOutcome(unscaled).estimate(groups[0]!))
    expect(both.name).toBe("group-relative(mean, unscaled) + outcome")
  })
})
