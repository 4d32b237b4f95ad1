import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import {
  Airl,
  Critics,
  type Drawn,
  Grpo,
  OutcomeJudges,
  Policies,
  policyStep,
  RewardOffline,
  Sft,
  Units
} from "../../src/core/learner/index.ts"
import { Advantage, type UnitRewards } from "../../src/core/objective/index.ts"
import { adamw } from "../../src/core/optim/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import { Rng } from "../../src/core/tensor/index.ts"
import * as Subject from "./subject.ts"

const { stepwise, dense, sparse } = Granularities

const drawn = (policy: Policies.Policy, prompts: ReadonlyArray<ReadonlyArray<number>>, generations: number) =>
  Effect.map(
    policy.sample(
      prompts.flatMap((prompt) => Array.from({ length: generations }, () => prompt)),
      Rng.make(4)
    ),
    (sampled) =>
      sampled.map((one, i): Drawn => {
        const item = Math.floor(i / generations)
        return { ...one, prompt: prompts[item]!, item }
      })
  )

/** One policy step on two prompts with given rewards of their completions. */
const step = (policy: Policies.Policy, rewards: (drawn: ReadonlyArray<Drawn>) => ReadonlyArray<UnitRewards>) =>
  Effect.gen(function* () {
    const items = Subject.train.slice(0, 2).map(({ prompt }) => ({ prompt }))
    const rollouts = yield* drawn(
      policy,
      items.map(({ prompt }) => prompt),
      2
    )
    return yield* policyStep(
      policy,
      { generations: 2, advantage: Advantage.groupRelative() },
      { step: 0, rng: Rng.make(1), items, rollouts, demonstrations: [] },
      (all) => Effect.succeed(rewards(all))
    )
  })

const constant =
  (value: (i: number) => number) =>
  (all: ReadonlyArray<Drawn>): ReadonlyArray<UnitRewards> =>
    all.map(({ completion }, i) => OutcomeJudges.traceReward(value(i), completion.length))

for (const [name, layer] of Subject.backends) {
  describe(`on ${name}`, () => {
    it("SFT lowers the validation loss and keeps the best parameters", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const stage = yield* Sft.make(Subject.sft())
          yield* stage.start
          const metrics = yield* Subject.steps(stage, 0, stage.steps)
          const losses = metrics.flatMap((m) => m["eval/loss"] ?? [])
          expect(losses.length).toBe(3)
          expect(losses.at(-1)).toBeLessThan(0.8 * Math.log(Subject.VOCABULARY))
          expect(losses.at(-1)).toBeLessThan(losses[0]!)
          expect(Subject.bytes(yield* stage.result)).not.toEqual(Subject.bytes(Subject.params))
        })
      ))

    it("a critic learns to tell demonstrations from perturbed ones, unit by unit", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const partition = Units.partitioner(dense, Subject.tokenizer)
          const critic = yield* Critics.make(Subject.critic(dense, { partition }))
          yield* critic.start
          for (let i = 0; i < 160; i++) yield* critic.update(i, Rng.make(1, i))
          const wrong = Subject.train.flatMap((trace, i) => {
            const completion = Subject.perturb(Rng.make(9, i), i)!
            const first = Units.firstChanged(trace.completion, completion)
            return first === undefined ? [] : [{ prompt: trace.prompt, completion, first }]
          })
          const expert = yield* critic.logits(Subject.train)
          const perturbed = yield* critic.logits(wrong)
          const health = Critics.health(
            expert.flatMap((row) => Array.from(row)),
            perturbed.flatMap((row, i) => Array.from(row).slice(wrong[i]!.first))
          )
          expect(health!.auroc).toBeGreaterThan(0.8)
          expect(health!.margin).toBeGreaterThan(0.5)
        })
      ))

    it("law: rewards are the logits at the units, clamped, as the loss masks them", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          for (const granularity of Subject.granularities) {
            const options = Subject.critic(granularity, { scale: { clamp: [-0.05, 0.05], temperature: 2 } })
            const critic = yield* Critics.make(options)
            yield* critic.start
            const logits = yield* critic.logits(Subject.validation)
            const rewards = yield* critic.rewards(Subject.validation)
            const traces = Subject.validation.map((sequence) => ({
              sequence,
              source: { _tag: "Demonstration" as const }
            }))
            const width = 16
            const { expert } = Critics.feedsOf(traces, options, width)
            for (const [row, { prompt, completion }] of Subject.validation.entries()) {
              const weights = Array.from(expert.data.subarray(row * width, (row + 1) * width))
              const ends = weights.flatMap((w, t) => (w === 1 ? [t - prompt.length] : []))
              expect(ends.at(-1)).toBe(completion.length - 1)
              expect(rewards[row]!.units).toEqual(
                ends.map((t) => Math.min(0.05, Math.max(-0.05, logits[row]![t]! / 2)))
              )
            }
          }
        })
      ))

    it("AIRL changes policy and critic; the reference stays as it was, bit by bit", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const policy = yield* Policies.make(Subject.policy())
          yield* policy.start
          const before = yield* policy.referenceLogProbs(Subject.validation)
          const own = yield* policy.logProbs(Subject.validation)
          yield* step(
            policy,
            constant((i) => i)
          )
          const moved = yield* policy.logProbs(Subject.validation)
          expect(yield* policy.referenceLogProbs(Subject.validation)).toEqual(before)
          expect(moved).not.toEqual(own)

          const stage = yield* Airl.make(Subject.airl(stepwise()))
          yield* stage.start
          const start = Subject.bytes((yield* stage.save).tensors)
          const metrics = yield* Subject.steps(stage, 0, stage.steps)
          const end = Subject.bytes((yield* stage.save).tensors)
          const changed = Object.keys(start).filter((key) => start[key] !== end[key])
          const all = (prefix: string) => Object.keys(start).filter((key) => key.startsWith(prefix))
          expect(changed).toEqual(expect.arrayContaining(all("policy/param/")))
          expect(changed).toEqual(expect.arrayContaining(all("critic/param/")))
          expect(changed).toEqual(expect.arrayContaining(all("warm/")))
          expect(metrics[2]!["held_out/reward_gain"]).toBe(0)
          expect(metrics[2]!["held_out/kl"]).toBeCloseTo(0, 6)
          expect(Object.keys(metrics[0]!)).toContain("reward_warmup/bce_neg")
          for (const key of ["reward", "kl", "entropy", "reward/loss", "reward/acc_pos", "completions/mean_length"])
            expect(Object.keys(metrics[3]!)).toContain(key)
        })
      ))

    it("law: an AIRL stage resumed at any step equals the uninterrupted one, bit for bit", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const ks = name === "reference" ? [1, 4] : [1, 2, 3, 4, 5, 6]
          yield* Subject.resumes(Airl.make(Subject.airl(stepwise())), ...ks)
        })
      ))

    it("law: SFT, GRPO and offline stages resumed equal the uninterrupted ones, bit for bit", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          yield* Subject.resumes(Sft.make(Subject.sft({ steps: 6, validateEvery: 2 })), 3)
          yield* Subject.resumes(Grpo.make(Subject.grpo()), 2)
          const offline = RewardOffline.make({
            name: "reward",
            seed: 1,
            critic: Subject.critic(sparse),
            rollouts: Subject.validation.map((sequence) => ({ ...sequence, demonstration: -1 })),
            steps: 5,
            heldOut: { demonstrations: Subject.validation, negatives: { policy: Subject.train.slice(0, 5) }, every: 2 },
            keep: "best",
            checkpointEvery: 2
          })
          yield* Subject.resumes(offline, 3)
        })
      ))

    it("SFT keeps the best parameters over a later loss, also when resumed in between", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const optimiser = adamw({ learningRate: (step) => (step < 2 ? 1e-2 : 1) })
          const make = Sft.make(Subject.sft({ steps: 6, validateEvery: 2, optimiser }))
          const whole = yield* make
          yield* whole.start
          yield* Subject.steps(whole, 0, 4)
          const checkpoint = Subject.stored(yield* whole.save)
          yield* Subject.steps(whole, 4, 6)
          const best = yield* Sft.make(Subject.sft({ steps: 2, validateEvery: 2, optimiser }))
          yield* best.start
          yield* Subject.steps(best, 0, 2)
          const other = yield* make
          yield* other.restore(checkpoint)
          yield* Subject.steps(other, 4, 6)
          const expected = Subject.bytes(yield* best.result)
          expect(Subject.bytes(yield* whole.result)).toEqual(expected)
          expect(Subject.bytes(yield* other.result)).toEqual(expected)
        })
      ))

    it("law: the critic's schedule counts its updates: warm-up, then U a policy step", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const options = Subject.airl(sparse)
          const optimiser = adamw({ learningRate: (update) => update / 1000 })
          const stage = yield* Airl.make({ ...options, critic: { ...options.critic, optimiser } })
          yield* stage.start
          const metrics = yield* Subject.steps(stage, 0, stage.steps)
          const rates = metrics.map((m) => 1000 * (m["reward/lr"] ?? m["reward_warmup/lr"] ?? Number.NaN))
          expect(rates.map(Math.round)).toEqual([0, 1, 2, 4, 6, 8, 10])
        })
      ))

    it("edge: equal rewards change nothing, and neither do completions without a verdict", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const policy = yield* Policies.make(Subject.policy())
          yield* policy.start
          // The tokens that were processed are counted all the same.
          const learned = Effect.map(policy.save, ({ processed: _, ...state }) => Subject.bytes(state))
          const before = yield* learned
          const { metrics } = yield* step(
            policy,
            constant(() => 2)
          )
          expect(metrics["frac_reward_zero_std"]).toBe(1)
          expect(yield* learned).toEqual(before)
          yield* step(policy, (all) =>
            all.map(({ completion }) => OutcomeJudges.traceReward(undefined, completion.length))
          )
          expect(yield* learned).toEqual(before)
        })
      ))

    it("error: NaN advantages name the feed, a NaN parameter the parameter; memory is left as it was", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const policy = yield* Policies.make(Subject.policy())
          yield* policy.start
          const before = Subject.bytes(yield* policy.save)
          const error = yield* Effect.flip(
            step(
              policy,
              constant(() => Number.NaN)
            )
          )
          expect(error).toMatchObject({ _tag: "NonFiniteStep", output: "loss", update: 0 })
          expect(error.message).toContain('Input "advantages"')
          expect(Subject.bytes(yield* policy.save)).toEqual(before)

          const broken = { ...Subject.params }
          const norm = broken["model.norm.weight"]!
          broken["model.norm.weight"] = { ...norm, data: norm.data.map(() => Number.NaN) } as typeof norm
          const stage = yield* Sft.make(Subject.sft({ params: broken }))
          yield* stage.start
          const failure = yield* Effect.flip(stage.step(0))
          expect(failure.message).toContain("model.norm.weight")
        })
      ))

    it("error: a prompt longer than the context is refused by its index", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const policy = yield* Policies.make(Subject.policy())
          yield* policy.start
          const long = Array.from({ length: 40 }, () => 5)
          const error = yield* Effect.flip(policy.sample([[5, 6], long], Rng.make(1)))
          expect(error).toMatchObject({ _tag: "PromptRejected", index: 1 })
        })
      ))

    it("edge: empty completions among the rollouts of a critic are inert", () =>
      Subject.on(
        layer,
        Effect.gen(function* () {
          const critic = yield* Critics.make(
            Subject.critic(dense, { batch: { rollouts: 4, freshShare: 1, perturbed: 2 } })
          )
          yield* critic.start
          yield* critic.observe([{ prompt: [5, 6], completion: [], demonstration: 0 }])
          const metrics = yield* critic.update(0, Rng.make(1))
          expect(Number.isFinite(metrics["loss"])).toBe(true)
          const [rewards] = yield* critic.rewards([{ prompt: [5, 6], completion: [] }])
          expect(rewards!.units).toEqual([])
        })
      ))
  })
}

describe("drawBatch", () => {
  it("law: a perturbation that changes nothing is never used, and rows are always as many", () => {
    const stuck = Subject.critic(dense, { perturb: (_, index) => Subject.train[index]!.completion })
    const rows = Critics.drawBatch(stuck, { capacity: 0, fresh: [], past: [] }, Rng.make(1))
    expect(rows.length).toBe(8)
    for (const { sequence, source } of rows) {
      expect(source._tag).not.toBe("Perturbed")
      expect(sequence.completion).toEqual([])
    }
    const usual = Critics.drawBatch(Subject.critic(dense), { capacity: 0, fresh: [], past: [] }, Rng.make(1))
    expect(usual.length).toBe(8)
    for (const [i, { sequence, source }] of usual.entries()) {
      if (source._tag !== "Perturbed") continue
      const own = usual[i - 1]!.sequence
      expect(Units.firstChanged(own.completion, sequence.completion)).toBe(source.firstChanged)
    }
  })
})
