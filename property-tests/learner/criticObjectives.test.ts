import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import { type CriticOptions, Critics, verifierHead } from "../../src/core/learner/index.ts"
import { Discriminator, RewardForms } from "../../src/core/objective/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import { Rng, Tensors } from "../../src/core/tensor/index.ts"
import { batch, near, numbers, rollouts, started, updated } from "./startedCritic.ts"
import * as Subject from "./subject.ts"

const { dense, stepwise } = Granularities
const { bce, pairwise, wgan } = Discriminator

const plain = (objective: CriticOptions["objective"]): CriticOptions =>
  Subject.critic(stepwise(), { objective, batch, optimiser: Subject.descent(0.1) })

const kinds: ReadonlyArray<readonly [name: string, options: CriticOptions]> = [
  ["cross-entropy", plain(bce({ labelSmoothing: 0.1 }))],
  ["cross-entropy, each trace once", plain(bce({ labelSmoothing: 0.1, average: "traces" }))],
  ["cross-entropy with an entropy bonus", plain(Discriminator.entropyBonus(bce({ labelSmoothing: 0 }), 0.1))],
  ["pairs", plain(pairwise({ margin: 0.5 }))],
  ["pairs with one negative each", plain(pairwise({ margin: 0, negatives: 1 }))],
  ["Wasserstein with a gradient penalty", plain(wgan({ gradientPenalty: 10 }))],
  [
    "segments",
    Subject.segmentCritic(
      stepwise(),
      { shapeClamp: 0.5, gamma: 0.9, potentialPenalty: 0.1, shapePenalty: 0.1 },
      { batch, optimiser: Subject.descent(0.1) }
    )
  ]
]

describe("every kind of critic", () => {
  for (const [name, options] of kinds) {
    it(`law: ${name}: micro-batches of any size update as the whole batch does, and log the same`, () =>
      Subject.on(
        Reference.layer,
        Effect.gen(function* () {
          const whole = yield* updated(options, 2)
          for (const microBatch of [1, 7, 64]) {
            const parts = yield* updated({ ...options, microBatch }, 2)
            for (const key of Object.keys(whole.params)) {
              near(numbers(parts.params, key), numbers(whole.params, key), 1e-9, key)
            }
            expect(Object.keys(parts.metrics[1]!).sort()).toEqual(Object.keys(whole.metrics[1]!).sort())
            for (const [key, value] of Object.entries(whole.metrics[1]!)) {
              expect(parts.metrics[1]![key], key).toBeCloseTo(value!, 9)
            }
          }
        })
      ))

    it(`law: ${name}: the loss looks at the logits that scoring gives the same units`, () =>
      Subject.on(
        Reference.layer,
        Effect.gen(function* () {
          const critic = yield* started(options)
          const traces = Critics.drawBatch(options, { capacity: 0, fresh: rollouts, past: [] }, Rng.make(3, 0))
          const judged = yield* critic.judged(traces.map(({ sequence }) => sequence))
          const weights = Critics.unitWeights(traces, options)
          const mean = (of: "expert" | "policy") => {
            let [sum, count] = [0, 0]
            for (const [row, { sequence }] of traces.entries()) {
              for (const [k, end] of options.partition(sequence.completion).ends.entries()) {
                sum += judged[row]!.logits[k]! * weights[row]![of][end]!
                count += weights[row]![of][end]!
              }
            }
            return sum / count
          }
          const metrics = yield* critic.update(0, Rng.make(3, 0))
          expect(metrics["logit_pos_mean"]).toBeCloseTo(mean("expert"), 6)
          expect(metrics["logit_neg_mean"]).toBeCloseTo(mean("policy"), 6)
        })
      ))
  }

  it("law: as many tensors have a gradient as train; none where nothing counts", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const counts = (options: CriticOptions) => Effect.map(updated(options), ({ metrics }) => metrics[0]!)
        const head = verifierHead({ config: Subject.config, trunk: Subject.params, seed: 1 })
        const trained = Object.keys(head.params).length
        expect(yield* counts({ ...Subject.critic(dense), model: head })).toMatchObject({
          trainable_tensors: trained,
          grad_tensors: trained
        })
        const nothing = Subject.critic(dense, {
          batch: { rollouts: 0, freshShare: 1, perturbed: 1 },
          perturb: () => undefined,
          verifyUpdates: false
        })
        expect((yield* counts(nothing))["grad_tensors"]).toBe(0)
      })
    ))

  it("edge: a last part of padding alone, and parts larger than the batch, change nothing", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const options = plain(wgan({ gradientPenalty: 10 }))
        const few = { ...options, batch: { rollouts: 1, freshShare: 1, perturbed: 0 } }
        const whole = yield* updated(few)
        for (const microBatch of [1, 50]) {
          const parts = yield* updated({ ...few, microBatch })
          near(numbers(parts.params, "score.weight"), numbers(whole.params, "score.weight"), 1e-9)
        }
      })
    ))
})

describe("an update in parts that is not finite", () => {
  it("error: names the parameter, and leaves parameters and moments as they were", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const options = Subject.critic(stepwise(), { batch, microBatch: 5 })
        const { initial } = options.model
        const broken = { ...initial, "model.norm.weight": Tensors.full([Subject.config.hidden_size], Number.NaN) }
        const critic = yield* started({ ...options, load: { params: broken } })
        const before = Subject.bytes(yield* critic.save)
        const error = yield* Effect.flip(critic.update(0, Rng.make(1)))
        expect(error).toMatchObject({ _tag: "NonFiniteStep", update: 0 })
        expect(error.message).toContain("model.norm.weight")
        expect(Subject.bytes(yield* critic.save)).toEqual(before)
        // What was summed before is forgotten: the next update is that of a critic without a past.
        yield* critic.restore({ ...(yield* critic.save), "param/model.norm.weight": initial["model.norm.weight"]! })
        yield* critic.update(0, Rng.make(3, 0))
        near(
          numbers(yield* critic.params, "score.weight"),
          numbers((yield* updated(options)).params, "score.weight"),
          1e-9
        )
      })
    ))
})

describe("dedup", () => {
  it("law: a rollout that is drawn twice counts as one that is drawn once", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const options = Subject.critic(dense, { optimiser: Subject.descent() })
        const two = rollouts.slice(2, 4)
        const trained = (n: number, dedup: boolean) =>
          Effect.gen(function* () {
            const critic = yield* Critics.make({
              ...options,
              dedup,
              batch: { rollouts: n, freshShare: 1, perturbed: 0 }
            })
            yield* critic.start
            yield* critic.observe(two)
            yield* critic.update(0, Rng.make(3))
            return numbers(yield* critic.params, "score.weight")
          })
        const expected = yield* trained(2, true)
        near(yield* trained(3, true), expected, 1e-6)
        expect(yield* trained(3, false)).not.toEqual(expected)
      })
    ))
})

describe("pairs", () => {
  const row = (prompt: number, tag: "Demonstration" | "Rollout" | "Switched", completion: number) => ({
    sequence: { prompt: [prompt], completion: [completion] },
    source: { _tag: tag },
    beside: 0
  })
  const traces = [
    row(5, "Demonstration", 1),
    row(5, "Rollout", 2),
    row(5, "Demonstration", 1),
    row(5, "Rollout", 3),
    row(6, "Demonstration", 1),
    row(6, "Switched", 4),
    row(6, "Rollout", 5),
    row(7, "Rollout", 6)
  ]
  const met = (weights: Float64Array) =>
    Array.from(weights).flatMap((w, at) => (w === 0 ? [] : [[Math.floor(at / 8), at % 8]]))

  it("golden: experts and switched rollouts meet the policy's traces of their prompt, copies of experts nobody", () => {
    expect(met(Critics.pairWeights(traces, Rng.make(1), {}))).toEqual([
      [0, 1],
      [0, 3],
      [4, 6],
      [5, 6]
    ])
  })

  it("law: with k negatives an expert meets at most k, and over streams all of them", () => {
    const seen = Array.from({ length: 20 }, (_, i) => met(Critics.pairWeights(traces, Rng.make(i), { negatives: 1 })))
    for (const pairs of seen) expect(pairs.length).toBe(3)
    expect(new Set(seen.map((pairs) => pairs[0]![1]))).toEqual(new Set([1, 3]))
  })

  it("law: wrong versions count whole in pairs and distances, from their change on in cross-entropy, unless told", () => {
    const traces = Critics.drawBatch(
      Subject.critic(dense, { batch: { rollouts: 0, freshShare: 1, perturbed: 3 } }),
      { capacity: 0, fresh: [], past: [] },
      Rng.make(1)
    ).filter(({ source }) => source._tag === "Perturbed")
    const counted = (objective: CriticOptions["objective"], weighting = {}) =>
      Critics.unitWeights(traces, { ...plain(objective), partition: Subject.critic(dense).partition, weighting }).map(
        ({ policy }) => policy.filter((w) => w > 0).length
      )
    const whole = traces.map(({ sequence }) => sequence.completion.length)
    const after = traces.map(({ sequence, source }) =>
      source._tag === "Perturbed" ? sequence.completion.length - source.firstChanged : 0
    )
    expect(after).not.toEqual(whole)
    expect(counted(pairwise({ margin: 0 }))).toEqual(whole)
    expect(counted(wgan({ gradientPenalty: 0 }))).toEqual(whole)
    expect(counted(bce({ labelSmoothing: 0 }))).toEqual(after)
    expect(counted(pairwise({ margin: 0 }), { beforeChange: "ignored" })).toEqual(after)
    expect(counted(bce({ labelSmoothing: 0 }), { beforeChange: "policy" })).toEqual(whole)
  })

  it("logs loss, accuracy, margin and pairs, under the names of the ecosystem", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const { metrics } = yield* updated(plain(pairwise({ margin: 0.5 })))
        for (const key of ["bt_loss", "pairwise_acc", "margin_mean", "margin_std"]) {
          expect(metrics[0]![key], key).toBeTypeOf("number")
        }
        expect(metrics[0]!["pairs_used"]).toBeGreaterThan(0)
        expect(metrics[0]!["loss"]).toBe(metrics[0]!["bt_loss"])
      })
    ))
})

describe("reward forms", () => {
  it("law: rewards are the form of the logit over the temperature, clamped; the update knows nothing of it", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const sigma = (x: number) => 1 / (1 + Math.exp(-x))
        const forms = [
          [RewardForms.logit, (f: number) => f],
          [RewardForms.logRatio, (f: number) => Math.log(sigma(f)) - Math.log(1 - sigma(f))],
          [RewardForms.gail, (f: number) => -Math.log(1 - sigma(f))],
          [RewardForms.logExpert, (f: number) => Math.log(sigma(f))]
        ] as const
        const own = Subject.critic(stepwise(), { optimiser: Subject.descent(), batch })
        const expected = (yield* updated(own)).params
        for (const [form, of] of forms) {
          const options = { ...own, scale: { form, temperature: 0.5, clamp: [-0.65, 0.75] as const } }
          const critic = yield* started(options)
          const rewards = yield* critic.rewards(Subject.validation)
          for (const [i, { logits, reward }] of (yield* critic.judged(Subject.validation)).entries()) {
            expect(reward).toEqual(rewards[i])
            near(
              reward.units,
              logits.map((f) => Math.min(0.75, Math.max(-0.65, of(f / 0.5)))),
              1e-9
            )
          }
          expect(Subject.bytes((yield* updated(options)).params)).toEqual(Subject.bytes(expected))
        }
      })
    ))
})
