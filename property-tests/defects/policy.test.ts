import { readdirSync, readFileSync } from "node:fs"
import { Effect, Result } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import { Airl, type Drawn, Policies, policyStep, Sequence, Sft } from "../../src/core/learner/index.ts"
import { Advantage, type AdvantageEstimator, type UnitRewards } from "../../src/core/objective/index.ts"
import { adamw } from "../../src/core/optim/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import { Rng } from "../../src/core/tensor/index.ts"
import { configure } from "../../src/experiments/configure/index.ts"
import * as Subject from "../learner/subject.ts"

const { discountedDense, leaveOneOut, unitRelative } = Advantage
const estimators: ReadonlyArray<AdvantageEstimator> = [
  Advantage.groupRelative(),
  Advantage.averageDense(),
  Advantage.discounted(0.5),
  discountedDense({ gamma: 0.9 }),
  discountedDense({ gamma: 0.5, smallestWeight: 0 }),
  leaveOneOut({ gamma: 1 }),
  Advantage.segmentLocal(),
  unitRelative({ gamma: 0.9 })
]

/** Units of the given rewards and number of tokens each. */
const units = (rewards: ReadonlyArray<number>, tokens = 1): UnitRewards => ({
  units: rewards,
  unitOf: rewards.flatMap((_, k) => new Array<number>(tokens).fill(k))
})

describe("advantages", () => {
  it.each(
    estimators.map((one) => [one.name, one] as const)
  )("D13: %s: an empty completion, or 5000 tokens, gives no NaN to its group", (_, { estimate }) => {
    const long = units(Array.from({ length: 5000 }, (_, t) => 1 + Math.sin(t)))
    const rows = estimate([units([]), units([1, 2]), long, units([])])
    expect(rows.map((row) => row.length)).toEqual([0, 2, 5000, 0])
    for (const row of rows) expect(row.every(Number.isFinite)).toBe(true)
    expect([rows[1], rows[2]]).toEqual(estimate([units([1, 2]), long]))
    expect(rows.flatMap((row) => Array.from(row)).some((a) => a !== 0)).toBe(true)
  })

  it("D14: how many tokens a step has does not change its trace's advantage, and an early token gains nothing by it", () => {
    const one = Advantage.groupRelative()
    const reward = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(reward, reward, fc.integer({ min: 2, max: 5 }), (a, b, tokens) => {
        const [short, long] = [units(a), { ...units(a), unitOf: [...new Array<number>(tokens).fill(0), ...a.keys()] }]
        return one.estimate([short, units(b)])[0]![0] === one.estimate([long, units(b)])[0]![0]
      }),
      { seed: 42, numRuns: 100 }
    )
    // Every unit of the first trace is as good: its first token must not have more than its last.
    for (const fair of [one, Advantage.discounted(1), unitRelative({ gamma: 1 })]) {
      const [good] = fair.estimate([units([2, 2, 2, 2]), units([-1, -1])])
      expect([fair.name, good![0]! - good![3]!]).toEqual([fair.name, expect.closeTo(0, 12)])
    }
    const [summed] = discountedDense({ gamma: 1 }).estimate([units([2, 2, 2, 2]), units([-1, -1])])
    expect(summed![0]! / summed![3]!).toBeCloseTo(4, 9)
  })
})

describe("configuration", () => {
  const configs = new URL("../../configs/", import.meta.url)
  const files = readdirSync(configs, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".yaml"))
  const library = [
    { name: "configs", files: new Map(files.map((name) => [name, readFileSync(new URL(name, configs), "utf8")])) }
  ]
  const refusal = (override: string): string =>
    Result.match(
      configure({ library, name: "tiny_airl", overrides: [override], multirun: false, dropRejected: false, env: {} }),
      { onFailure: (error) => error.message, onSuccess: () => "accepted" }
    )

  it("D18: a key that is unknown, dead, or does nothing here is refused", () => {
    expect(refusal("training.beta=0.2")).toBe("accepted")
    expect(refusal("+training.betta=0.2")).toContain("Did you mean training.beta?")
    expect(refusal("++model.response_only=true")).toContain("changes nothing in the reference either")
    expect(refusal("model.dense_gamma=0.5")).toContain("it does nothing here")
  })
})

describe("learning", () => {
  it("D6: which policy is kept does not depend on which answers are right", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const kept = Effect.fnUntraced(function* (isCorrect: (index: number) => boolean) {
          const stage = yield* Airl.make(Subject.airl(Granularities.sparse, { isCorrect }))
          yield* stage.start
          const metrics = yield* Subject.steps(stage, 0, stage.steps)
          return { shown: metrics.at(-1)!["display/pass_at_1"], policy: Subject.bytes((yield* stage.result).policy) }
        })
        const [none, all] = [yield* kept(() => false), yield* kept(() => true)]
        expect([none.shown, all.shown]).toEqual([0, 1])
        expect(all.policy).toEqual(none.policy)
      })
    ))

  it("D19: imitation supervises the completion to its end token, also where padding is that token, and no prompt", () => {
    const eosIsPad = [
      { prompt: [5, 6, 7], completion: [8, 0] },
      { prompt: [5], completion: [6, 7, 8, 0] }
    ]
    const mask = Sequence.completionMask(eosIsPad, 2, 6)
    expect(Array.from(Sequence.ids(eosIsPad, 2, 6).data)).toEqual([5, 6, 7, 8, 0, 0, 5, 6, 7, 8, 0, 0])
    expect(Array.from(mask.data)).toEqual([0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0])
  })

  it("D19: a validation loss is a mean over tokens, not over batches or traces of unequal length", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const validation = Subject.validation.map(({ prompt, completion }, i) => ({
          prompt,
          completion: i === 0 ? [Subject.EOS] : completion
        }))
        const stage = yield* Sft.make(
          Subject.sft({ steps: 1, validation, optimiser: adamw({ learningRate: 0, weightDecay: 0 }) })
        )
        yield* stage.start
        const [metrics] = yield* Subject.steps(stage, 0, 1)
        const policy = yield* Policies.make(Subject.policy())
        yield* policy.start
        const rows = (yield* policy.logProbs(validation)).map((row) => Array.from(row))
        const mean = (xs: ReadonlyArray<number>) => xs.reduce((s, x) => s + x, 0) / xs.length
        expect(metrics!["eval/loss"]).toBeCloseTo(-mean(rows.flat()), 9)
        expect(metrics!["eval/loss"]).not.toBeCloseTo(-mean(rows.map(mean)), 3)
      })
    ))

  it("D3: an expert in the policy's batch is not cut to the longest rollout, and its end token counts", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const policy = yield* Policies.make(Subject.policy())
        yield* policy.start
        const items = [{ prompt: Subject.train[0]!.prompt, demonstration: 0 }]
        const rollouts = [[5], [6, 7]].map(
          (completion): Drawn => ({
            prompt: items[0]!.prompt,
            completion,
            item: 0,
            logProbs: completion.map(() => -1),
            rawLogProbs: completion.map(() => -1),
            finishReason: "length"
          })
        )
        let judged: ReadonlyArray<ReadonlyArray<number>> = []
        const { metrics } = yield* policyStep(
          policy,
          { generations: 2, advantage: Advantage.groupRelative(), experts: { prompts: 1 } },
          { step: 0, rng: Rng.make(1), items, rollouts, demonstrations: Subject.train },
          (all) =>
            Effect.sync(() => {
              judged = all.map(({ completion }) => completion)
              return all.map(({ completion }, i) => units(completion.map(() => i)))
            })
        )
        const expert = Subject.train[0]!.completion
        expect(judged).toEqual([[5], [6, 7], expert])
        expect(expert.at(-1)).toBe(Subject.EOS)
        // With the prompts, of two tokens each.
        expect(metrics["num_tokens"]).toBe(3 + expert.length + 3 * 2)
      })
    ))
})
