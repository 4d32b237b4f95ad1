import { Effect } from "effect"
import { expect, it } from "vitest"
import { Airl, fixedCritic, gad } from "../../src/core/learner/index.ts"
import { Granularities } from "../../src/core/reward/index.ts"
import * as Subject from "./subject.ts"

const { objective: _, ...policy } = Subject.policy()
const { policy: _policy, critic: _critic, criticUpdates: _updates, ...rest } = Subject.airl(Granularities.sparse)
const { partition: _partition, segment: _segment, ...critic } = Subject.critic(Granularities.sparse)
const { model, optimiser, demonstrations } = critic

const pairwise = gad({ ...rest, policy, critic: { model, optimiser, demonstrations } })
const fixed = fixedCritic({ ...rest, policy, critic: { ...critic, model } })

const [name, layer] = Subject.backends[1]!

it(`on ${name}, GAD compares each expert with one rollout of its own prompt, one logit a completion`, () =>
  Subject.on(
    layer,
    Effect.gen(function* () {
      const stage = yield* Airl.make(pairwise)
      yield* stage.start
      for (const metrics of yield* Subject.steps(stage, 0, 5)) {
        const pairs = metrics["reward/pairs_used"] ?? metrics["reward_warmup/pairs_used"]
        // Three prompts a step.
        expect(pairs).toBe(3)
        const ratio = metrics["reward/neg_pos_ratio"] ?? metrics["reward_warmup/neg_pos_ratio"]
        expect(ratio).toBe(1)
      }
      expect(pairwise.criticUpdates).toBe(2)
    })
  ))

it(`law: on ${name}, the fixed critic's rewards stay as the warm-up left them, and the policy learns from them`, () =>
  Subject.on(
    layer,
    Effect.gen(function* () {
      const stage = yield* Airl.make(fixed)
      yield* stage.start
      yield* Subject.steps(stage, 0, fixed.warmupUpdates)
      const warm = (yield* stage.result).critic
      const metrics = yield* Subject.steps(stage, fixed.warmupUpdates, stage.steps)
      const { critic, warmCritic } = yield* stage.result
      expect(Subject.bytes(critic)).toEqual(Subject.bytes(warm))
      expect(Subject.bytes(warmCritic)).toEqual(Subject.bytes(warm))
      expect(metrics.some((m) => (m["kl"] ?? 0) > 0)).toBe(true)
      expect(metrics.at(-1)).not.toHaveProperty("reward/loss")
    })
  ))
