import { Effect, type Scope } from "effect"
import { describe, expect, it } from "vitest"
import {
  Airl,
  Grpo,
  Opsd,
  type OtherBase,
  type Params,
  Policies,
  RewardOffline,
  Sft,
  type SharedBase
} from "../../src/core/learner/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import type { Stage } from "../../src/core/run/index.ts"
import type { Backend } from "../../src/core/service/index.ts"
import { Tensors } from "../../src/core/tensor/index.ts"
import * as Shared from "./adapterSubject.ts"
import * as Subject from "./subject.ts"

type Learner = (base: SharedBase) => Effect.Effect<Stage<unknown, never>, unknown, Backend | Scope.Scope>

const rollouts = Subject.validation.map((sequence) => ({ ...sequence, demonstration: -1 }))

/** An adapter in a checkpoint: what its parameters begin with there, and their values at the start. */
type Adapted = readonly [prefix: string, start: Params]

const policyAt = (prefix: string): Adapted => [`${prefix}param/`, Shared.fresh]
const criticAt: Adapted = ["critic/param/", Shared.criticModel.initial]

/** Each learner with its adapters. */
const learners: Readonly<Record<string, readonly [adapters: ReadonlyArray<Adapted>, make: Learner]>> = {
  sft: [[policyAt("memory/")], (base) => Sft.make(Subject.sft({ ...Shared.over(base), steps: 4, validateEvery: 2 }))],
  grpo: [[policyAt("")], (base) => Grpo.make(Subject.grpo({ policy: Shared.policy(base) }))],
  opsd: [
    [policyAt("")],
    (base) => {
      const { objective: _, ...policy } = Shared.policy(base)
      const items = Subject.train.map(({ prompt, completion }) => ({
        prompt,
        teacherPrompt: [...prompt, ...completion]
      }))
      const rest = { name: "opsd", seed: 1, promptsPerStep: 4, steps: 4, checkpointEvery: 2 }
      return Opsd.make({ ...rest, policy, items, mode: { _tag: "Direct", generations: 2 } })
    }
  ],
  airl: [
    [policyAt("policy/"), criticAt],
    (base) => {
      const options = { policy: Shared.policy(base), critic: Shared.critic(base), warmupUpdates: 1, policySteps: 3 }
      return Airl.make(Subject.airl(Granularities.stepwise(), options))
    }
  ],
  offline: [
    [criticAt],
    (base) =>
      RewardOffline.make({
        name: "reward",
        seed: 1,
        critic: Shared.critic(base),
        rollouts,
        steps: 4,
        heldOut: { demonstrations: Subject.validation, negatives: { policy: Subject.train.slice(0, 5) }, every: 2 },
        keep: "best",
        checkpointEvery: 2
      })
  ]
}

/** What is under names with the prefix, without it. */
const unprefixed = (prefix: string, all: Params): Params =>
  Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : []
    )
  )

describe.each(Subject.backends)("on %s", (_, layer) => {
  it.each(
    Object.entries(learners)
  )("law: %s trains its adapters alone, keeps nothing of the base, and resumes bit for bit over another copy of it", (_, [
    adapters,
    make
  ]) =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        // Each of both stages of the law lies over a copy of its own.
        yield* Subject.resumes(Effect.flatMap(Shared.shared(), make), 2)
        const base = yield* Shared.shared()
        const stage = yield* make(base)
        yield* stage.start
        yield* Subject.steps(stage, 0, stage.steps)
        const { tensors } = yield* stage.save
        expect(yield* Shared.presentOf(base)).toBe(base.fingerprint)
        const names = Object.keys(tensors)
        expect(
          names.filter((name) => /layers\.\d+\.[\w.]+_proj\.weight$|embed_tokens|norm\.weight/u.test(name))
        ).toEqual([])
        for (const [prefix, start] of adapters) {
          const now = Subject.bytes(unprefixed(prefix, tensors))
          const before = Subject.bytes(start)
          expect(Object.keys(now).sort()).toEqual(Object.keys(before).sort())
          for (const name of Object.keys(before)) expect(now[name], name).not.toBe(before[name])
        }
      })
    ))

  it("error: what trained over one base resumes over no other, nor as whole weights, nor the other way round", () =>
    Subject.on(
      layer,
      Effect.gen(function* () {
        const over = (params = Subject.params) =>
          Effect.flatMap(Shared.shared(params), (base) => Policies.make(Shared.policy(base)))
        const one = yield* over()
        yield* one.start
        const saved = yield* one.save
        yield* (yield* over()).restore(saved)
        const refused = (policy: Policies.Policy, from = saved) =>
          Effect.map(Effect.flip(policy.restore(from)), (error) => {
            expect(error._tag).toBe("OtherBase")
            return (error as OtherBase).message
          })
        const moved = { ...Subject.params, "model.norm.weight": Tensors.full([16], 0.5) }
        expect(yield* refused(yield* over(moved))).toContain("Load the base that the run began with")
        const whole = yield* Policies.make(Subject.policy())
        yield* whole.start
        expect(yield* refused(whole)).toContain("a whole model trains here")
        expect(yield* refused(one, yield* whole.save)).toContain("an adapter trains here")
      })
    ))
})
