import { Effect, type Scope } from "effect"
import { describe, expect, it } from "vitest"
import * as Laws from "../../src/core/laws/index.ts"
import {
  Airl,
  type CriticOptions,
  fixedCritic,
  Grpo,
  gad,
  Opsd,
  type OpsdMode,
  RewardOffline,
  Sft
} from "../../src/core/learner/index.ts"
import { Advantage, Discriminator, PolicyLoss } from "../../src/core/objective/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import type { Stage } from "../../src/core/run/index.ts"
import type { Backend } from "../../src/core/service/index.ts"
import { type Tensor, Tensors } from "../../src/core/tensor/index.ts"
import * as Subject from "../learner/subject.ts"
import { toyStage } from "../run/toyStage.ts"

const { sparse, stepwise } = Granularities
const { wgan } = Discriminator

const [backend, layer] = Subject.backends[1]!

const short = {
  warmupUpdates: 1,
  policySteps: 2,
  heldOut: { demonstrations: Subject.validation.slice(0, 3), every: 1 }
}
const { objective: _, ...policy } = Subject.policy()
const adversarial = (critic: CriticOptions) => Airl.make(Subject.airl(stepwise(), { critic, ...short }))

const { policy: _policy, critic: _critic, criticUpdates: _updates, ...loop } = Subject.airl(sparse, short)
const { partition: _partition, segment: _segment, ...whole } = Subject.critic(sparse)
const { model, optimiser, demonstrations } = whole

const distilled = (mode: OpsdMode) =>
  Opsd.make({
    name: "opsd",
    seed: 1,
    policy,
    items: Subject.train.map(({ prompt, completion }) => ({ prompt, teacherPrompt: [...prompt, ...completion] })),
    promptsPerStep: 2,
    steps: 3,
    checkpointEvery: 2,
    mode
  })

const offline = RewardOffline.make({
  name: "reward",
  seed: 1,
  critic: Subject.critic(sparse),
  rollouts: Subject.validation.map((sequence) => ({ ...sequence, demonstration: -1 })),
  steps: 4,
  heldOut: { demonstrations: Subject.validation, negatives: { policy: Subject.train.slice(0, 5) }, every: 2 },
  keep: "best",
  checkpointEvery: 2
})

const hold = <E, E2>(kind: string, make: Effect.Effect<Stage<E, never>, E2, Backend | Scope.Scope>) => {
  for (const { name, check } of Laws.stage(kind, make)) it(`law: ${name}`, () => Subject.on(layer, check))
}

describe(`stages, on ${backend}`, () => {
  hold("sft", Sft.make(Subject.sft({ steps: 4, validateEvery: 2 })))
  hold("grpo", Grpo.make(Subject.grpo()))
  hold("airl, cross-entropy", adversarial(Subject.critic(stepwise())))
  hold("airl, slopes", adversarial(Subject.critic(stepwise(), { objective: wgan({ gradientPenalty: 10 }) })))
  hold("airl, segments", adversarial(Subject.segmentCritic(stepwise())))
  hold("gad", Airl.make(gad({ ...loop, policy, critic: { model, optimiser, demonstrations } })))
  hold("fixed critic", Airl.make(fixedCritic({ ...loop, policy, critic: { ...whole, model } })))
  hold("opsd, direct", distilled({ _tag: "Direct", generations: 2, standardise: true }))
  const objective = PolicyLoss.grpo({ clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0 })
  const step = { generations: 2, advantage: Advantage.groupRelative() }
  hold("opsd, by reward", distilled({ _tag: "Grpo", objective, step }))
  hold("reward from files", offline)
})

describe("laws of stages can fail", () => {
  const HOLDS = "holds"
  type Toy = Stage<never, never>

  /** What is told of a changed stage: resumed, saved, started again. */
  const told = (change: (stage: Toy) => Partial<Toy> = () => ({})): ReadonlyArray<string> =>
    Laws.stage(
      "toy",
      Effect.sync(() => {
        const stage = toyStage({ name: "toy", steps: 4, checkpointEvery: 2, seed: 3 })
        return { ...stage, ...change(stage) }
      })
    ).map(({ check }) =>
      Effect.runSync(Effect.match(check, { onFailure: ({ message }) => message, onSuccess: () => HOLDS }))
    )

  it("a stage that saves all that it reads breaks none", () => expect(told()).toEqual([HOLDS, HOLDS, HOLDS]))

  it("error: a step that reads what no snapshot has is found at its first metric", () => {
    const [resumed, ...others] = told(({ start, step }) => {
      let seen = 0
      return {
        start: Effect.tap(start, () => Effect.sync(() => (seen = 0))),
        step: (index) => Effect.map(step(index), (metrics) => ({ ...metrics, seen: seen++ }))
      }
    })
    expect(resumed).toBe(
      "toy: saved after a step and restored elsewhere, it goes on as if uninterrupted, bit for bit: resumed after 1 of " +
        "4 steps, metric seen of step 1 is 0, not 1. What a step reads must be in the snapshot, or come from the seed and " +
        "the step's index."
    )
    expect(others).toEqual([HOLDS, HOLDS])
  })

  it("error: a tensor that comes back with another sign of 0, or wider, is named, though nothing reads it", () => {
    const keeping = (restored: Tensor) =>
      told(({ restore, save, start }) => {
        let held: Tensor = Tensors.f32([0], [1])
        const become = (tensor: Tensor) => Effect.sync(() => (held = tensor))
        return {
          start: Effect.tap(start, become(Tensors.f32([0], [1]))),
          restore: (snapshot) => Effect.tap(restore(snapshot), become(restored)),
          save: Effect.map(save, ({ tensors, state }) => ({ tensors: { ...tensors, held }, state }))
        }
      })
    expect(keeping(Tensors.f32([0], [1]))).toEqual([HOLDS, HOLDS, HOLDS])
    for (const other of [Tensors.f32([-0], [1]), Tensors.f64([0], [1]), Tensors.f32([0], [1, 1])]) {
      const [resumed, ...others] = keeping(other)
      expect(resumed).toContain("at the end tensor held, and 0 more, are not the same")
      expect(others).toEqual([HOLDS, HOLDS])
    }
  })

  it("error: a state of its own, a save that draws and a start that does nothing are told apart", () => {
    const counting = told(({ save }) => {
      let saves = 0
      return {
        save: Effect.map(save, ({ tensors, state }) => ({ tensors, state: { ...(state as object), saves: saves++ } }))
      }
    })
    expect(counting[0]).toMatch(/at the end the state is .*"saves":0}, not .*"saves":4}/)
    const drawing = told(({ start, save, step }) => {
      let drawn = 0
      return {
        start: Effect.tap(start, () => Effect.sync(() => (drawn = 0))),
        save: Effect.tap(save, () => Effect.sync(() => drawn++)),
        step: (index) => Effect.map(step(index), (metrics) => ({ ...metrics, drawn }))
      }
    })
    expect(drawing[1]).toContain("saved after every step, metric drawn of step 1 is 1, not 0. A save must only read.")
    const lasting = told(() => ({ start: Effect.void }))
    expect(lasting[0]).toBe(HOLDS)
    expect(lasting[1]).toBe(HOLDS)
    expect(lasting[2]).toContain("the second time, metric loss of step 0 is")
  })
})
