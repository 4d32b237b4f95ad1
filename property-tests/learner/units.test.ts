import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Critics, Units } from "../../src/core/learner/index.ts"
import { EOS, granularities, tokenizer, VOCABULARY } from "./subject.ts"

const runs = { seed: 42, numRuns: 200 }
const token = fc.integer({ min: 2, max: VOCABULARY - 1 })
const completion = fc.array(token, { maxLength: 24 }).map((ids) => [...ids, EOS])
const granularity = fc.constantFrom(...granularities)
const source = fc.oneof(
  fc.constant<Units.Source>({ _tag: "Demonstration" }),
  fc.constant<Units.Source>({ _tag: "Rollout" }),
  fc.nat(24).map((firstChanged): Units.Source => ({ _tag: "Perturbed", firstChanged }))
)
const weighting = fc.record<Units.UnitWeighting>({
  rollout: fc.constantFrom(0.25, 1),
  perturbed: fc.constantFrom(0.5, 1),
  beforeChange: fc.constantFrom("ignored", "expert", "policy")
})

const positions = (weights: ArrayLike<number>): ReadonlyArray<number> =>
  Array.from(weights).flatMap((w, t) => (w === 0 ? [] : [t]))

describe("weigh", () => {
  it("law: tokens that count in the loss are the tokens whose logits are rewards", () =>
    fc.assert(
      fc.property(granularity, completion, source, weighting, (g, ids, from, options) => {
        const partition = Units.partitioner(g, tokenizer)(ids)
        const { expert, policy } = Units.weigh(partition, from, options)
        const logits = ids.map((_, t) => t)
        const scored = new Set(Units.atUnits(partition, logits).units)
        for (const t of [...positions(expert), ...positions(policy)]) expect(scored).toContain(t)
        if (from._tag !== "Perturbed") expect(positions(expert).length + positions(policy).length).toBe(scored.size)
      }),
      runs
    ))

  it("law: no token counts for both classes, and none for the wrong one", () =>
    fc.assert(
      fc.property(granularity, completion, source, weighting, (g, ids, from, options) => {
        const partitioned = Units.partitioner(g, tokenizer)(ids)
        const { expert, policy } = Units.weigh(partitioned, from, options)
        for (const [t, w] of expert.entries()) expect(w * policy[t]!).toBe(0)
        if (from._tag === "Demonstration") expect(positions(policy)).toEqual([])
        if (from._tag === "Rollout") expect(positions(expert)).toEqual([])
        if (from._tag === "Perturbed") {
          if (options.beforeChange === "policy") expect(positions(policy).length).toBe(partitioned.ends.length)
          else for (const t of positions(policy)) expect(t).toBeGreaterThanOrEqual(from.firstChanged)
          for (const t of positions(expert)) expect(t).toBeLessThan(from.firstChanged)
        }
      }),
      runs
    ))

  it("edge: an empty completion has no unit and no weight", () => {
    for (const g of granularities) {
      const partition = Units.partitioner(g, tokenizer)([])
      expect(Array.from(partition.ends)).toEqual([])
      expect(Units.weigh(partition, { _tag: "Rollout" }).policy.length).toBe(0)
      expect(Units.atUnits(partition, []).units).toEqual([])
    }
  })
})

describe("overTokens", () => {
  it("law: every token has its unit's reward, and a unit's last token its own logit", () =>
    fc.assert(
      fc.property(granularity, completion, (g, ids) => {
        const partition = Units.partitioner(g, tokenizer)(ids)
        const logits = ids.map((id, t) => id + t / 100)
        const spread = Units.overTokens(Units.atUnits(partition, logits))
        expect(spread.length).toBe(ids.length)
        for (const end of partition.ends) expect(spread[end]).toBe(logits[end])
        for (let t = 1; t < ids.length; t++) {
          if (partition.unitOf[t] === partition.unitOf[t - 1]) expect(spread[t]).toBe(spread[t - 1])
        }
      }),
      runs
    ))
})

describe("firstChanged", () => {
  it("law: none exactly when nothing changed; all before it is equal", () =>
    fc.assert(
      fc.property(completion, completion, (a, b) => {
        const first = Units.firstChanged(a, b)
        expect(first === undefined).toBe(a.length === b.length && a.every((id, t) => id === b[t]))
        expect(Units.firstChanged(a, a)).toBeUndefined()
        if (first !== undefined && b.length >= a.length) expect(b.slice(0, first)).toEqual(a.slice(0, first))
      }),
      runs
    ))

  it("edge: a trace that stops early is changed at its last token", () => {
    expect(Units.firstChanged([5, 6, 7, 1], [5, 6])).toBe(1)
    expect(Units.firstChanged([5, 6], [5, 6, 7])).toBe(2)
  })
})

describe("health", () => {
  it("golden: accuracies, AUROC and margin of four logits", () => {
    expect(Critics.health([2, -1], [-3, 1])).toEqual({ acc_pos: 0.5, acc_neg: 0.5, auroc: 0.75, margin: 1.5 })
    expect(Critics.health([], [1])).toBeUndefined()
  })
})
