import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Reference from "../../src/backends/reference/index.ts"
import {
  Airl,
  BadCritic,
  type CriticOptions,
  CriticStates,
  Critics,
  type Negative,
  RewardModels,
  type SavedCritic
} from "../../src/core/learner/index.ts"
import { Segment } from "../../src/core/objective/index.ts"
import { adamw } from "../../src/core/optim/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import { Rng, Tensors } from "../../src/core/tensor/index.ts"
import * as Subject from "./subject.ts"

const { stepwise } = Granularities

const rollouts: ReadonlyArray<Negative> = Array.from({ length: 4 }, (_, i) => ({
  prompt: [5, 6],
  completion: [5 + i, 2, 1],
  demonstration: i
}))

const updates = (options: CriticOptions, from: number, to: number) =>
  Effect.gen(function* () {
    const critic = yield* Critics.make(options)
    yield* critic.start
    yield* critic.observe(rollouts)
    for (let i = from; i < to; i++) yield* critic.update(i - from, Rng.make(1, i))
    return yield* critic.saved(to - from)
  })

/** A schedule, so that updates that are counted wrong show. */
const options = Subject.critic(stepwise(), { optimiser: adamw({ learningRate: (step) => 1e-2 / (1 + step) }) })

const bytesOf = ({ params, optimiser }: SavedCritic) => Subject.bytes({ ...params, ...optimiser!.moments })

/** Seven steps of adversarial training from a critic that was trained before, and what it leaves. */
const airl = (changes: Partial<Airl.AirlOptions>) =>
  Effect.gen(function* () {
    const stage = yield* Airl.make(Subject.airl(stepwise(), changes))
    yield* stage.start
    const logged = yield* Effect.result(Subject.steps(stage, 0, stage.steps))
    return { steps: stage.steps, logged, ...(yield* stage.savedCritic), result: yield* stage.result }
  })

describe("a critic that was trained before", () => {
  it("law: goes on as the one that was not stopped, bit for bit, schedule and moments included", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const whole = yield* updates(options, 0, 5)
        const load = yield* updates(options, 0, 3)
        const resumed = yield* updates({ ...options, load }, 3, 5)
        expect(bytesOf(resumed)).toEqual(bytesOf(whole))
        expect(resumed.optimiser!.updates).toBe(5)
        // With fresh moments it starts from the same weights, and the schedule from its start.
        const fresh = yield* updates({ ...options, load: { params: load.params } }, 3, 5)
        expect(fresh.optimiser!.updates).toBe(2)
        expect(bytesOf(fresh)).not.toEqual(bytesOf(whole))
      })
    ))

  it("error: of another model or optimiser it is refused by the first tensor that does not fit", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const { initial } = options.model
        const { "score.weight": _, ...headless } = initial
        for (const [load, reason] of [
          [{ params: headless }, '"score.weight" [1,16] is missing'],
          [{ params: { ...initial, "score.weight": Tensors.full([1, 3], 0) } }, '"score.weight" is [1,3]'],
          [{ params: initial, optimiser: { moments: {}, updates: 3 } }, "Leave optimiser out of load"]
        ] as const) {
          const refused = yield* Effect.result(Critics.make({ ...options, load }))
          expect(Result.isFailure(refused) && refused.failure instanceof BadCritic).toBe(true)
          expect(Result.isFailure(refused) ? refused.failure.message : "").toContain(reason)
        }
      })
    ))

  it("law: makes no warm-up unless asked, and is told apart from one that was not loaded", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const load = yield* updates(Subject.critic(stepwise()), 0, 2)
        const critic = Subject.critic(stepwise(), { load })
        const [skipped, asked, own] = [
          yield* airl({ critic }),
          yield* airl({ critic, continueWarmup: true }),
          yield* airl({})
        ]
        expect([skipped.steps, asked.steps, own.steps]).toEqual([4, 7, 7])
        expect(skipped.state).toMatchObject({
          warmup_steps: 0,
          updates_since_warmup: 8,
          updates_per_policy_step: 2,
          optimiser_updates: 10,
          loaded: true,
          loaded_optimiser: true,
          frozen: false
        })
        expect(asked.state).toMatchObject({ warmup_steps: 3, optimiser_updates: 13 })
        expect(own.state).toMatchObject({
          warmup_steps: 3,
          optimiser_updates: 11,
          loaded: false,
          loaded_optimiser: false
        })
        expect(Subject.bytes(skipped.result.warmCritic)).toEqual(Subject.bytes(load.params))
        const { hashes } = skipped.state
        expect(hashes.warm).toBe(yield* CriticStates.hashOf(load.params))
        expect(hashes.now).toBe(yield* CriticStates.hashOf(skipped.critic.params))
        expect(hashes.now).not.toBe(hashes.warm)
        // The first look is at the reference, before the policy moves: its gain and its divergence are 0.
        const first = Result.getOrThrow(skipped.logged)[0]!
        expect(first["held_out/reward_gain"]).toBe(0)
        expect(first["held_out/kl"]).toBeCloseTo(0, 6)
      })
    ))
})

describe("the hash of parameters", () => {
  it("law: counts names, shapes and numbers, not their order nor how wide a backend holds them", async () => {
    const { hashOf } = CriticStates
    const hash = (params: Parameters<typeof hashOf>[0]) => Effect.runPromise(hashOf(params))
    const [a, b] = [Tensors.f32([0.1, 2], [2]), Tensors.f32([3, 4], [2])]
    const own = await hash({ a, b })
    expect(own).toMatch(/^[0-9a-f]{64}$/u)
    expect(await hash({ b, a })).toBe(own)
    expect(await hash({ a: Tensors.f64(Array.from(a.data), [2]), b })).toBe(own)
    for (const other of [
      { a: b, b: a },
      { a, c: b },
      { a, b: Tensors.f32([3, 4], [1, 2]) },
      { a, b: Tensors.f32([3, 4.000001], [2]) },
      { a }
    ])
      expect(await hash(other)).not.toBe(own)
  })
})

describe("a frozen critic", () => {
  it("law: is what it was after the warm-up, bit for bit, while the policy learns", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const { logged, result, state, critic } = yield* airl({ criticUpdates: 0 })
        expect(Result.isSuccess(logged)).toBe(true)
        expect(Subject.bytes(result.critic)).toEqual(Subject.bytes(result.warmCritic))
        expect(state).toMatchObject({ frozen: true, updates_since_warmup: 0, warmup_steps: 3 })
        expect(state.hashes.now).toBe(state.hashes.warm)
        expect(Subject.bytes(critic.params)).not.toEqual(Subject.bytes(Subject.critic(stepwise()).model.initial))
        const last = Result.getOrThrow(logged).at(-1)!
        expect(Object.keys(last).filter((name) => name.startsWith("reward/"))).toEqual([])
        expect(last["reward"]).toBeTypeOf("number")
      })
    ))

  it("error: one that changed all the same is found, and so is one that should have", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const warm = { a: Tensors.f32([1, 2], [2]) }
        const moved = { a: Tensors.f32([1, 2.5], [2]) }
        const check = (criticUpdates: number, since: number, now: typeof warm, failOnUnchanged = true) =>
          Effect.result(CriticStates.checkLearned({ criticUpdates, failOnUnchanged }, { warmup: 1, since }, warm, now))
        expect(yield* check(0, 0, moved)).toMatchObject({ failure: { _tag: "FrozenCriticChanged", parameter: "a" } })
        expect(yield* check(2, 4, warm)).toMatchObject({ failure: { _tag: "CriticLeftAlone", updates: 4 } })
        for (const fine of [check(0, 0, warm), check(2, 4, moved), check(2, 4, warm, false), check(2, 0, warm)]) {
          expect((yield* fine)._tag).toBe("Success")
        }
      })
    ))

  it("error: a critic that never learns stops the run at the next look, unless that is wanted", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const optimiser = adamw({ learningRate: (step) => (step < 3 ? 1e-2 : 0) })
        const critic = Subject.critic(stepwise(), { optimiser })
        const { logged } = yield* airl({ critic })
        expect(Result.isFailure(logged) ? logged.failure : undefined).toMatchObject({ _tag: "CriticLeftAlone" })
        expect(Result.isSuccess((yield* airl({ critic, failOnUnchanged: false })).logged)).toBe(true)
      })
    ))
})

describe("a segment critic in adversarial training", () => {
  it("learns against the log-probabilities of the present policy, and rewards it", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const critic = Subject.segmentCritic(stepwise(), { reward: Segment.rewardF, clamp: [-2, 2] })
        const { logged } = yield* airl({ critic })
        const last = Result.getOrThrow(logged).at(-1)!
        for (const name of ["reward/airl_segment/g_mean", "reward/penalty", "reward/h_lr", "held_out/auroc"]) {
          expect(last[name], name).toBeTypeOf("number")
        }
        expect(last).toMatchObject({ "reward/policy_step": 3, "reward/update_idx": 10 })
      })
    ))

  it("error: needs a policy's log-probabilities, or to leave them out", () =>
    Subject.on(
      Reference.layer,
      Effect.gen(function* () {
        const refused = yield* Effect.flip(Critics.make(Subject.segmentCritic(stepwise())))
        expect(refused.message).toContain("policyLogProbs")
        yield* Critics.make(Subject.segmentCritic(stepwise(), { logProbWeight: 0 }))
        expect(RewardModels.segmentHeads({ config: Subject.config, seed: 1 }).potentialHead).toBe("potential.weight")
      })
    ))
})
