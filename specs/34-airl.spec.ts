import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { layer } from "../src/backends/reference/index.ts"
import { Critics, RewardModels, Units, verifierHead } from "../src/core/learner/index.ts"
import { initialise, ModelConfigs } from "../src/core/model/index.ts"
import { Discriminator } from "../src/core/objective/index.ts"
import { adamw } from "../src/core/optim/index.ts"
import { Granularities } from "../src/core/reward/index.ts"
import { Rng } from "../src/core/tensor/index.ts"
import { StepRules } from "../src/core/text/index.ts"

/** Letters; 9 is a newline. */
const tokenizer = {
  decode: (ids: ReadonlyArray<number>) => ids.map((id) => (id === 9 ? "\n" : "abcdefgh"[id])).join("")
}
const lines = Units.partitioner(Granularities.stepwise(StepRules.lines), tokenizer)

describe("weights of a trace", () => {
  // Tokens 0..7: "ab\ncd\nef"; steps end at tokens 2, 5 and 7.
  const completion = [0, 1, 9, 2, 3, 9, 4, 5]
  const partition = lines(completion)
  const weights = (source: Units.Source, weighting?: Units.UnitWeighting) => {
    const { expert, policy } = Units.weigh(partition, source, weighting)
    return { expert: Array.from(expert), policy: Array.from(policy) }
  }
  const none = [0, 0, 0, 0, 0, 0, 0, 0]
  const ends = [0, 0, 1, 0, 0, 1, 0, 1]

  it("golden: all units of a demonstration are the expert's, all of a rollout the policy's", () => {
    expect(weights({ _tag: "Demonstration" })).toEqual({ expert: ends, policy: none })
    expect(weights({ _tag: "Rollout" }, { rollout: 0.5 })).toEqual({ expert: none, policy: ends.map((w) => w / 2) })
  })

  it("golden: of a trace changed at token 4 the units that end there or later are the policy's", () => {
    expect(weights({ _tag: "Perturbed", firstChanged: 4 })).toEqual({
      expert: none,
      policy: [0, 0, 0, 0, 0, 1, 0, 1]
    })
    expect(weights({ _tag: "Perturbed", firstChanged: 4 }, { beforeChange: "expert" }).expert).toEqual([
      0, 0, 1, 0, 0, 0, 0, 0
    ])
    expect(weights({ _tag: "Perturbed", firstChanged: 4 }, { beforeChange: "policy" })).toEqual({
      expert: none,
      policy: ends
    })
    expect(weights({ _tag: "Perturbed", firstChanged: 5 }).policy).toEqual([0, 0, 0, 0, 0, 1, 0, 1])
    expect(weights({ _tag: "Perturbed", firstChanged: 6 }).policy).toEqual([0, 0, 0, 0, 0, 0, 0, 1])
  })

  it("golden: rewards sit on the steps' last tokens and are spread over the steps", () => {
    const rewards = Units.atUnits(partition, [9, 9, -1, 9, 9, 2, 9, 3])
    expect(rewards.units).toEqual([-1, 2, 3])
    expect(Array.from(Units.overTokens(rewards))).toEqual([-1, -1, -1, 2, 2, 2, 3, 3])
  })
})

describe("the critic's start", () => {
  const config = Result.getOrThrow(
    ModelConfigs.fromJson({
      model_type: "qwen2",
      vocab_size: 10,
      hidden_size: 8,
      intermediate_size: 12,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      num_key_value_heads: 2,
      max_position_embeddings: 16,
      tie_word_embeddings: true
    })
  )
  const trunk = initialise(config, 1)

  it("golden: a scalar head takes over the trunk; extra layers and the head are fresh", () => {
    const model = RewardModels.scalarHead({ config, trunk, seed: 2, extraLayers: 1, trains: () => false })
    expect(model.initial["model.embed_tokens.weight"]).toBe(trunk["model.embed_tokens.weight"])
    expect(Object.keys(model.params).every((name) => /^model\.layers\.1\.|^score/.test(name))).toBe(true)
    expect(Object.keys(model.frozen).sort()).toEqual(Object.keys(trunk).sort())
    const scratch = RewardModels.scalarHead({ config, seed: 2 })
    expect(scratch.initial["model.norm.weight"]).not.toBe(trunk["model.norm.weight"])
    expect(scratch.frozen).toEqual({})
  })

  const trace = { prompt: [0, 1], completion: [2, 3, 9, 4] }
  const train = (model: RewardModels.RewardModel) =>
    Effect.gen(function* () {
      const critic = yield* Critics.make({
        model,
        objective: Discriminator.bce({ labelSmoothing: 0.1 }),
        optimiser: adamw({ learningRate: 0.05 }),
        partition: lines,
        demonstrations: [trace],
        perturb: () => [2, 4, 9, 4],
        batch: { rollouts: 0, freshShare: 1, perturbed: 2 }
      })
      yield* critic.start
      const before = yield* critic.params
      for (let i = 0; i < 40; i++) yield* critic.update(i, Rng.make(1, i))
      const [right, wrong] = yield* critic.rewards([trace, { ...trace, completion: [2, 4, 9, 4] }])
      return { before, after: yield* critic.params, right: right!.units, wrong: wrong!.units }
    }).pipe(Effect.scoped, Effect.provide(layer), Effect.runPromise)

  for (const model of [
    RewardModels.scalarHead({ config, trunk, seed: 2 }),
    RewardModels.scalarHead({ config, trunk, seed: 2, extraLayers: 1, trains: () => false }),
    verifierHead({ config, trunk, seed: 2 })
  ]) {
    it(`${model.name}: learns one pair; what is frozen stays, what trains changes`, async () => {
      const { before, after, right, wrong } = await train(model)
      expect(Math.min(...right)).toBeGreaterThan(Math.max(...wrong))
      for (const name of Object.keys(model.frozen)) expect(after[name]!.data).toEqual(before[name]!.data)
      for (const name of Object.keys(model.params).filter((name) => name.includes("score"))) {
        expect(after[name]!.data).not.toEqual(before[name]!.data)
      }
    })
  }
})
