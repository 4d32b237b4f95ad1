import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Policies, type Policy, type PolicyOptions } from "../../src/core/learner/index.ts"
import {
  type Aggregation,
  Aggregations,
  KlEstimators,
  PolicyLoss,
  SamplerCorrections,
  type SurrogateOptions
} from "../../src/core/objective/index.ts"
import { adamw } from "../../src/core/optim/index.ts"
import { Rng } from "../../src/core/tensor/index.ts"
import * as Subject from "./subject.ts"

const objective = (options: Partial<SurrogateOptions> = {}) =>
  PolicyLoss.clippedSurrogate({
    clipLow: 0.2,
    clipHigh: 0.3,
    klCoefficient: 0.1,
    aggregation: Aggregations.grpo,
    ...options
  })

const policy = (options: Partial<PolicyOptions>) => Policies.make(Subject.policy(options))

/** Completions of different lengths, one cut at the limit, one empty; some drawn by a policy that has since moved. */
const batch: ReadonlyArray<Policies.Weighted> = Array.from({ length: 7 }, (_, i) => {
  const rng = Rng.make(11, i)
  const { prompt, completion } = Subject.train[i]!
  const kept = completion.slice(0, i === 4 ? 0 : i + 1)
  const near = kept.map(() => -2.4 + 0.8 * Rng.uniform(rng))
  return {
    prompt,
    completion: kept,
    oldLogProbs: near,
    samplerLogProbs: near.map((x) => x + 0.4 * (Rng.uniform(rng) - 0.5)),
    advantages: Float64Array.from(kept, () => Rng.uniform(rng) - 0.5),
    counts: i !== 5
  }
})

const reference = batch.map(({ completion }, i) => completion.map((_, t) => -2 - 0.1 * ((i + t) % 5)))

/** Metrics of an update, and all parameters and moments after it. */
const updated = (options: Partial<PolicyOptions>, rows: ReadonlyArray<Policies.Weighted> = batch) =>
  Effect.gen(function* () {
    const one = yield* policy(options)
    yield* one.start
    const metrics = yield* one.update(0, rows, reference)
    const state = yield* one.save
    return { metrics, values: Object.values(state).flatMap(({ data }) => Array.from(data)) }
  })

const expectClose = (
  a: { metrics: object; values: ReadonlyArray<number> },
  b: { metrics: object; values: ReadonlyArray<number> },
  digits: number
) => {
  expect(Object.keys(b.metrics).sort()).toEqual(Object.keys(a.metrics).sort())
  const found: Readonly<Record<string, unknown>> = { ...b.metrics }
  for (const [key, value] of Object.entries(a.metrics))
    expect([key, found[key]]).toEqual([key, expect.closeTo(value, digits)])
  const worst = a.values.reduce((most, x, i) => Math.max(most, Math.abs(x - b.values[i]!)), 0)
  expect(worst).toBeLessThan(10 ** -digits)
}

const summable: ReadonlyArray<Aggregation> = [Aggregations.grpo, Aggregations.drGrpo(8), Aggregations.dapo]

/** Large enough for Adam not to turn rounding noise into steps. */
const smooth = adamw({ learningRate: 1e-3, epsilon: 1e-2 })

for (const [name, layer] of Subject.backends) {
  const digits = name === "reference" ? 9 : 4
  describe(`on ${name}`, () => {
    it("law: an update in micro-batches is that of the whole batch, metrics included, for every aggregation that adds up", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const kinds = [
            ...summable.map((aggregation) => objective({ aggregation })),
            objective({ ratio: "sequence", correction: SamplerCorrections.truncated({ level: "sequence", cap: 2 }) })
          ]
          for (const kind of name === "reference" ? kinds : kinds.slice(2, 3)) {
            const whole = yield* updated({ objective: kind, optimiser: smooth })
            for (const microBatch of [3, 7]) {
              expectClose(whole, yield* updated({ objective: kind, optimiser: smooth, microBatch }), digits)
            }
          }
        })
      ))
  })
}

describe("on reference", () => {
  const run = <A, E>(test: Parameters<typeof Subject.on<A, E>>[1]) => Subject.on(Subject.backends[0]![1], test)

  it("golden: micro-batches of bnpo weigh with their share of the completions", () =>
    run(
      Effect.gen(function* () {
        const options = {
          objective: objective({ aggregation: Aggregations.bnpo, klCoefficient: 0 }),
          optimiser: smooth
        }
        const lossOf = (rows: ReadonlyArray<Policies.Weighted>) =>
          Effect.map(updated(options, rows), ({ metrics }) => metrics["loss"]!)
        const parts = [
          yield* lossOf(batch.slice(0, 3)),
          yield* lossOf(batch.slice(3, 6)),
          yield* lossOf(batch.slice(6))
        ]
        const { metrics } = yield* updated({ ...options, microBatch: 3 })
        expect(metrics["loss"]).toBeCloseTo((3 * parts[0]! + 3 * parts[1]! + parts[2]!) / 7, 9)
      })
    ))

  it("law: what does not count is in no gradient, but its row is in the mean over completions", () =>
    run(
      Effect.gen(function* () {
        const other = batch.map((row) =>
          row.counts ? row : { ...row, advantages: row.advantages.map((a) => 100 * a + 7) }
        )
        expect(yield* updated({ optimiser: smooth }, other)).toEqual(yield* updated({ optimiser: smooth }))
        const every = yield* updated({ optimiser: smooth })
        const present = batch.map((row) => ({ ...row, counts: true }))
        expect((yield* updated({ optimiser: smooth }, present)).metrics["loss"]).not.toBeCloseTo(
          every.metrics["loss"]!,
          6
        )
      })
    ))

  it("law: each option of the surrogate changes the update", () =>
    run(
      Effect.gen(function* () {
        const seen = new Set<string>()
        const kinds: ReadonlyArray<Partial<SurrogateOptions>> = [
          {},
          ...[Aggregations.drGrpo(8), Aggregations.dapo].map((aggregation) => ({ aggregation })),
          { clipLow: 0.01 },
          { clipHigh: 0.01 },
          { klCoefficient: 0.2 },
          { klEstimator: KlEstimators.k1 },
          { klEstimator: KlEstimators.k2 },
          { ratio: "sequence" },
          { correction: SamplerCorrections.truncated({ level: "token", cap: 3 }) },
          { correction: SamplerCorrections.truncated({ level: "sequence", cap: 3 }) },
          { correction: SamplerCorrections.truncated({ level: "token", cap: 1 }) },
          { correction: SamplerCorrections.masked({ level: "token", cap: 1.05 }) }
        ]
        for (const kind of kinds) {
          seen.add((yield* updated({ objective: objective(kind), optimiser: smooth })).values.join())
        }
        expect(seen.size).toBe(kinds.length)
      })
    ))

  it("law: in later updates on a batch, ratios are to the policy that drew it", () =>
    run(
      Effect.gen(function* () {
        const one: Policy = yield* policy({
          objective: objective({ klCoefficient: 0 }),
          optimiser: adamw({ learningRate: 0.1 })
        })
        yield* one.start
        const own = yield* one.logProbs(batch)
        const drawn = batch.map((row, i) => ({ ...row, oldLogProbs: own[i]!, counts: true }))
        const first = yield* one.update(0, drawn, reference)
        expect(first["clip_ratio/region_mean"]).toBe(0)
        const moved = yield* one.logProbs(batch)
        const clipped = drawn.flatMap(({ advantages }, i) =>
          Array.from(advantages, (a, t) => {
            const ratio = Math.exp(moved[i]![t]! - own[i]![t]!)
            return Number((a < 0 && ratio < 0.8) || (a > 0 && ratio > 1.3))
          })
        )
        const second = yield* one.update(1, drawn, reference)
        const share = clipped.reduce((sum, c) => sum + c, 0) / clipped.length
        expect(share).toBeGreaterThan(0)
        expect(second["clip_ratio/region_mean"]).toBeCloseTo(share, 9)
      })
    ))

  it("error: micro-batches of no rows are refused with the fix", () =>
    run(
      Effect.gen(function* () {
        const error = yield* Effect.flip(policy({ microBatch: 0 }))
        expect(error.message).toContain("microBatch")
      })
    ))
})
