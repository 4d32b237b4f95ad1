import { Effect, Logger } from "effect"
import { describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import {
  Airl,
  type AirlOptions,
  type CriticBatch,
  Critics,
  type Negative,
  Replays
} from "../../src/core/learner/index.ts"
import { adamw, chain } from "../../src/core/optim/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import { Rng, type Tensor } from "../../src/core/tensor/index.ts"
import * as Subject from "./subject.ts"

const { dense } = Granularities

const rollouts: ReadonlyArray<Negative> = Array.from({ length: 4 }, (_, i) => ({
  prompt: [5, 6],
  completion: [5 + i, 2, 1],
  demonstration: i
}))

describe("updates of the critic", () => {
  it("error: D1, an update that leaves the weights as they were names the parameter; a rate too small for their floats may", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const update = Effect.fnUntraced(function* (options: Parameters<typeof Subject.critic>[1]) {
          const critic = yield* Critics.make(Subject.critic(dense, options))
          yield* critic.start
          yield* critic.observe(rollouts)
          return yield* Effect.result(critic.update(0, Rng.make(1)))
        })
        // No perturbation changes anything, so no unit of any trace counts.
        const nothing: Parameters<typeof Subject.critic>[1] = {
          batch: { rollouts: 0, freshShare: 1, perturbed: 2 },
          perturb: (_, index) => Subject.train[index]!.completion
        }
        const idle = chain(adamw({ learningRate: 0, weightDecay: 0 }))
        const whispering = chain(adamw({ learningRate: 1e-12, weightDecay: 0 }))
        const refused = yield* update(nothing)
        expect(refused).toMatchObject({ _tag: "Failure", failure: { _tag: "UnchangedCritic", update: 0 } })
        expect((yield* update({ ...nothing, verifyUpdates: false }))._tag).toBe("Success")
        expect((yield* update({ ...nothing, optimiser: idle }))._tag).toBe("Success")
        expect((yield* update({ ...nothing, optimiser: whispering }))._tag).toBe("Success")
        expect((yield* update({}))._tag).toBe("Success")
        // Decay moves the weights of a critic that learns nothing; in parts as in one.
        const decaying = { ...nothing, optimiser: chain(adamw({ learningRate: 1e-2, weightDecay: 0.1 })) }
        for (const more of [{}, { microBatch: 1 }]) {
          const decayed = yield* update({ ...decaying, ...more })
          expect(decayed).toMatchObject({ _tag: "Failure", failure: { _tag: "CriticWithoutGradient", update: 0 } })
        }
        expect((yield* update({ ...decaying, verifyUpdates: false }))._tag).toBe("Success")
      })
    ))

  it("error: a model in which nothing trains is refused, unless updates are not to be verified", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const options = Subject.critic(dense)
        const still = { ...options.model, params: {}, frozen: { ...options.model.params, ...options.model.frozen } }
        const made = (rest: object) => Effect.result(Critics.make({ ...options, model: still, ...rest }))
        expect(yield* made({})).toMatchObject({ _tag: "Failure", failure: { _tag: "BadCritic" } })
        expect((yield* made({ verifyUpdates: false }))._tag).toBe("Success")
      })
    ))

  it("law: a switched rollout counts as an expert's, and only there; the shares are logged", () => {
    const options = Subject.critic(dense, { batch: { rollouts: 4, freshShare: 1, perturbed: 0 } })
    const switched = rollouts.map((r, i) => ({ ...r, switched: i % 2 === 0 }))
    const traces = Critics.drawBatch(options, { capacity: 0, fresh: switched, past: [] }, Rng.make(1))
    const width = 16
    const { expert, policy } = Critics.feedsOf(traces, options, width)
    for (const [row, { sequence, source }] of traces.entries()) {
      const sum = (x: typeof expert) =>
        Array.from(x.data.subarray(row * width, (row + 1) * width)).reduce((s, w) => s + w, 0)
      const own = source._tag !== "Rollout"
      expect([sum(expert), sum(policy)]).toEqual(
        own ? [sequence.completion.length, 0] : [0, sequence.completion.length]
      )
    }
    expect(traces.map(({ source }) => source._tag).sort()).toEqual(
      [...Array(4).fill("Demonstration"), ...Array(2).fill("Rollout"), ...Array(2).fill("Switched")].sort()
    )
  })

  it("law: a replay buffer keeps the labels through a checkpoint", () => {
    const kept = Replays.push(Replays.push(Replays.empty(9), rollouts), [{ ...rollouts[1]!, switched: true }])
    expect(Replays.fromTensors(9, Replays.toTensors(kept))).toEqual(kept)
  })
})

describe("the warm-up", () => {
  it("law: updates of the warm-up look at a batch of their own, with microBatch as without, the others at theirs", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const fresh = { rollouts: 6, freshShare: 1, perturbed: 2 }
        const mixed = { rollouts: 4, freshShare: 0.5, perturbed: 4 }
        const logged = Effect.fnUntraced(function* (
          batch: CriticBatch,
          rest: Partial<AirlOptions> = {},
          microBatch = 99
        ) {
          const critic = Subject.critic(dense, { batch, microBatch })
          const stage = yield* Airl.make(
            Subject.airl(dense, { critic, updatesPerWarmupBatch: 1, policySteps: 1, ...rest })
          )
          yield* stage.start
          return yield* Subject.steps(stage, 0, 4)
        })
        const [own, parts] = [
          yield* logged(mixed, { warmupBatch: fresh }),
          yield* logged(mixed, { warmupBatch: fresh }, 14)
        ]
        const [whole, plain] = [yield* logged(fresh), yield* logged(mixed)]
        expect(own.slice(0, 3)).toEqual(whole.slice(0, 3))
        for (const [i, metrics] of own.slice(0, 3).entries())
          expect(parts[i]!["reward_warmup/loss"]).toBeCloseTo(metrics["reward_warmup/loss"]!, 6)
        const replayed = (steps: typeof own) =>
          steps.map((m) => m["reward_warmup/replayed_share"] ?? m["reward/replayed_share"])
        expect([replayed(own), replayed(plain)]).toEqual([
          [0, 0, 0, 0.5],
          [0, 0.5, 0.5, 0.5]
        ])
        const empty = { warmupBatch: { rollouts: 0, freshShare: 1, perturbed: 0 } }
        expect(yield* Effect.flip(Airl.make(Subject.airl(dense, empty)))).toMatchObject({ _tag: "BadCritic" })
      })
    ))
})

describe("health of the critic", () => {
  it("logs baselines that need no critic, and how far the reward of fixed traces has moved", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const stage = yield* Airl.make(
          Subject.airl(dense, { switchLabel: ({ prompt }, completion) => completion[0] === prompt[0] })
        )
        yield* stage.start
        const logged = yield* Subject.steps(stage, 0, 7)
        const looks = logged.filter((metrics) => "held_out/anchor_drift" in metrics)
        expect(looks.length).toBe(5)
        // After the warm-up the anchors are where they are measured from; later the critic has moved them.
        expect(looks[0]!["held_out/anchor_drift"]).toBe(0)
        expect(looks.slice(1).every((m) => m["held_out/anchor_drift"] !== 0)).toBe(true)
        for (const m of looks) {
          expect(m["held_out/length_auroc"]).toBeGreaterThanOrEqual(0.5)
          expect(m["held_out/surface_auroc"]).toBeGreaterThanOrEqual(0)
        }
        expect(logged[0]!["reward_warmup/replayed_share"]).toBe(0)
        expect(logged[6]!["reward/replayed_share"]).toBe(0.5)
        expect(logged[6]!["reward/switched_share"]).toBeLessThan(1)
      })
    ))

  it("law: steps between two looks log what a look at as many of the prompts logs, and choose nothing", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const looking = (every: number, between: number, prompts = 3) =>
          Effect.gen(function* () {
            const heldOut = { demonstrations: Subject.validation.slice(0, prompts), every, between }
            const stage = yield* Airl.make(Subject.airl(dense, { heldOut, warmupUpdates: 1, policySteps: 3 }))
            yield* stage.start
            const logged = yield* Subject.steps(stage, 0, 4)
            const { tensors } = yield* stage.save
            return { logged, policy: Subject.bytes({ w: tensors["policy/param/model.norm.weight"]! }) }
          })
        const [each, some, all, none] = [
          yield* looking(1, 0),
          yield* looking(3, 3, 8),
          yield* looking(3, 3),
          yield* looking(3, 0)
        ]
        const seen = ({ logged }: typeof each) =>
          logged.map((metrics) =>
            Object.entries(metrics).filter(([name]) => name.startsWith("held_out/") && name !== "held_out/signal")
          )
        expect(seen(all)).toEqual(seen(each))
        expect(seen(some).slice(1, 3)).toEqual(seen(each).slice(1, 3))
        expect(seen(each)[1]!.map(([name]) => name)).toContain("held_out/anchor_drift")
        expect(seen(none).map((metrics) => metrics.length > 0)).toEqual([true, false, false, true])
        for (const one of [some, all, none]) {
          expect(one.logged.map((metrics) => "held_out/signal" in metrics)).toEqual([true, false, false, true])
          expect(one.policy).toEqual(each.policy)
        }
      })
    ))

  it("golden: a segment critic logs the AUROC of the units of each update's batch, as it was before the update", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const options = Subject.segmentCritic(dense, { logProbWeight: 0 })
        const critic = yield* Critics.make(options)
        yield* critic.start
        yield* critic.observe(rollouts)
        const drawn = Critics.drawBatch(options, Replays.push(Replays.empty(12), rollouts), Rng.make(5))
        const judged = yield* critic.judged(drawn.map(({ sequence }) => sequence))
        const { expert, policy } = Critics.feedsOf(drawn, options, 16)
        const of = (weights: Tensor) =>
          judged.flatMap(({ logits }, row) => {
            const from = 16 * row + drawn[row]!.sequence.prompt.length
            return logits.filter((_, t) => weights.data[from + t]! > 0)
          })
        const expected = Critics.health(of(expert), of(policy))!.auroc
        expect(expected).toBeLessThan(1)
        expect((yield* critic.update(0, Rng.make(5)))["auroc"]).toBe(expected)
      })
    ))

  it("label switching says that ground truth enters the reward, and nothing says so without it", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const said: Array<string> = []
        const logger = Logger.make(({ message }) => said.push(String(message)))
        const made = (options: Partial<AirlOptions>) =>
          Airl.make(Subject.airl(dense, options)).pipe(Effect.provide(Logger.layer([logger])))
        yield* made({})
        expect(said).toEqual([])
        yield* made({ switchLabel: () => true })
        expect(said).toHaveLength(1)
        expect(said[0]).toContain("ground truth enters the reward")
      })
    ))
})
