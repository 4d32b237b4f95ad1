import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Airl, type CriticOptions, Critics, type Negative, RewardOffline } from "../../src/core/learner/index.ts"
import { Discriminator, Segment } from "../../src/core/objective/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import { Rng, Tensors } from "../../src/core/tensor/index.ts"
import * as Subject from "./subject.ts"

const { dense, stepwise } = Granularities
const { bce, pairwise, wgan } = Discriminator

const rollouts: ReadonlyArray<Negative> = Subject.train.slice(0, 5).map(({ prompt, completion }, demonstration) => ({
  prompt,
  completion: completion.map((id, t) => (t === 3 ? 6 : id)).slice(demonstration % 3),
  demonstration
}))

/** A critic with a past of seven updates, which goes on in a warm-up. */
const loaded = (() => {
  const own = Subject.critic(stepwise())
  const moments = Object.entries(own.optimiser.init(own.model.params)).map(
    ([name, { shape }]) => [name, Tensors.full(shape, 1e-3)] as const
  )
  return Subject.critic(stepwise(), {
    load: { params: own.model.initial, optimiser: { moments: Object.fromEntries(moments), updates: 7 } }
  })
})()

const kinds: ReadonlyArray<readonly [name: string, options: CriticOptions]> = [
  ["pairs", Subject.critic(stepwise(), { objective: pairwise({ margin: 0.1, negatives: 1 }) })],
  ["slopes, in parts", Subject.critic(stepwise(), { objective: wgan({ gradientPenalty: 10 }), microBatch: 5 })],
  [
    "segments, in parts",
    Subject.segmentCritic(stepwise(), { reward: Segment.rewardF, potentialRate: 0.5 }, { microBatch: 6 })
  ],
  ["cross-entropy without copies", Subject.critic(dense, { objective: bce({ labelSmoothing: 0 }), dedup: true })],
  ["loaded", loaded]
]

for (const [backend, layer] of Subject.backends) {
  describe(`on ${backend}`, () => {
    for (const [name, critic] of backend === "onnx" ? kinds.slice(1, 3) : kinds) {
      it(`law: ${name}: adversarial training that is resumed equals that which was not, bit for bit`, () =>
        Subject.on(
          layer,
          Effect.gen(function* () {
            const make = Airl.make(
              Subject.airl(stepwise(), { critic, warmupUpdates: 2, policySteps: 2, continueWarmup: true })
            )
            yield* Subject.resumes(make, 3)
          })
        ))
    }

    it("law: slopes in parts update as in one, up to the engine's rounding", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const once = (options: CriticOptions) =>
            Effect.gen(function* () {
              const critic = yield* Critics.make(options)
              yield* critic.start
              yield* critic.observe(rollouts)
              yield* critic.update(0, Rng.make(1))
              return (yield* critic.params)["score.weight"]!.data
            })
          const options = Subject.critic(stepwise(), {
            objective: wgan({ gradientPenalty: 10 }),
            optimiser: Subject.descent(0.1)
          })
          const [whole, parts] = [yield* once(options), yield* once({ ...options, microBatch: 5 })]
          for (const [i, x] of whole.entries()) expect(parts[i]).toBeCloseTo(x, 5)
        })
      ))

    it("law: a reward learned offline resumes, and goes on from where it was saved, bit for bit", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const offline = (changes: Partial<RewardOffline.OfflineOptions> = {}) =>
            RewardOffline.make({
              name: "reward",
              seed: 1,
              critic: Subject.segmentCritic(stepwise(), { offset: "token" }),
              policyLogProbs: (sequences) =>
                Effect.succeed(sequences.map(({ completion }) => new Float64Array(completion.length).fill(-0.7))),
              rollouts,
              steps: 4,
              heldOut: { demonstrations: Subject.validation, negatives: { policy: rollouts }, every: 2 },
              keep: "last",
              checkpointEvery: 2,
              ...changes
            })
          yield* Subject.resumes(offline(), 3)
          const stage = yield* offline()
          yield* stage.start
          yield* Subject.steps(stage, 0, 4)
          const load = yield* stage.savedCritic
          expect(load.optimiser?.updates).toBe(4)
          const next = yield* offline({ critic: Subject.segmentCritic(stepwise(), { offset: "token" }, { load }) })
          yield* next.start
          expect(Subject.bytes((yield* next.savedCritic).params)).toEqual(Subject.bytes(load.params))
          yield* Subject.steps(next, 0, 1)
          expect((yield* next.savedCritic).optimiser?.updates).toBe(5)
          const best = yield* offline({ keep: "best" })
          yield* best.start
          yield* Subject.steps(best, 0, 4)
          expect(yield* best.savedCritic).toEqual({ params: yield* best.result })
        })
      ))
  })
}
