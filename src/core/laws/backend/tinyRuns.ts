import { type Effect, Result, type Scope } from "effect"
import {
  Airl,
  type CriticOptions,
  type PolicyOptions,
  RewardModels,
  RewardOffline,
  type Sequence,
  Sft,
  Units
} from "../../learner/index.ts"
import { initialise, type ModelConfig, ModelConfigs } from "../../model/index.ts"
import { Advantage, Discriminator, type DiscriminatorObjective, PolicyLoss } from "../../objective/index.ts"
import { adamw, chain, clipByGlobalNorm } from "../../optim/index.ts"
import { Granularities } from "../../reward/index.ts"
import type { Stage } from "../../run/index.ts"
import { plain } from "../../sampling/index.ts"
import type { Backend } from "../../service/index.ts"
import { Rng } from "../../tensor/index.ts"

const EOS = 1
const FIRST = 2
const DIGITS = 8
export const STEPS = 20

const config: ModelConfig = Result.getOrThrow(
  ModelConfigs.fromJson({
    model_type: "qwen2",
    vocab_size: FIRST + DIGITS,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    max_position_embeddings: 32,
    tie_word_embeddings: true,
    initializer_range: 0.2
  })
)

/** Two digits, and the expert's answer: both in turn, twice. */
const demonstrations = (count: number, name: string): ReadonlyArray<Sequence.Sequence> => {
  const rng = Rng.make(3, name)
  return Array.from({ length: count }, () => {
    const [a, b] = [FIRST + Rng.int(rng, DIGITS), FIRST + Rng.int(rng, DIGITS)]
    return { prompt: [a, b], completion: [a, b, a, b, EOS] }
  })
}

const [train, heldOut] = [demonstrations(16, "train"), demonstrations(4, "held out")]
const params = initialise(config, 5)
const optimiser = (learningRate: number) => chain(clipByGlobalNorm(1), adamw({ learningRate }))
const decode = (ids: ReadonlyArray<number>): string => ids.map((id) => String.fromCharCode(96 + id)).join("")

/** One digit of a demonstration becomes another, at times the same. */
const perturb = (rng: Rng.Rng, index: number) => {
  const at = Rng.int(rng, 4)
  return train[index]!.completion.map((id, t) => (t === at ? FIRST + Rng.int(rng, DIGITS) : id))
}

const critic = (objective: DiscriminatorObjective): CriticOptions => ({
  model: RewardModels.scalarHead({ config, trunk: params, seed: 7 }),
  objective,
  optimiser: optimiser(5e-3),
  partition: Units.partitioner(Granularities.interval(2), { decode }),
  demonstrations: train,
  perturb,
  batch: { rollouts: 4, freshShare: 0.5, perturbed: 4 }
})

const policy: PolicyOptions = {
  config,
  params,
  objective: PolicyLoss.grpo({ clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0.05 }),
  optimiser: optimiser(3e-3),
  sampling: plain(6, [EOS]),
  longestPrompt: 2
}

const offline = (objective: DiscriminatorObjective) =>
  RewardOffline.make({
    name: "critic",
    seed: 1,
    critic: critic(objective),
    rollouts: train.map(({ prompt, completion }, demonstration) => ({
      prompt,
      completion: completion.with(0, completion[1]!),
      demonstration
    })),
    steps: STEPS,
    heldOut: { demonstrations: heldOut, negatives: {}, every: 10 },
    keep: "last",
    checkpointEvery: 10
  })

/** Any stage, whatever it may fail with. */
export type AnyStage = Effect.Effect<Stage<unknown, never>, unknown, Backend | Scope.Scope>

/** Whole training runs of 20 steps, on models of a few thousand weights. */
export const tinyRuns: Readonly<Record<string, AnyStage>> = {
  "supervised fine-tuning": Sft.make({
    name: "sft",
    seed: 1,
    config,
    params,
    train,
    validation: heldOut,
    steps: STEPS,
    batchSize: 6,
    optimiser: optimiser(1e-2),
    validateEvery: 10
  }),
  "a critic by cross-entropy": offline(Discriminator.bce({ labelSmoothing: 0.1 })),
  "a Wasserstein critic with a gradient penalty": offline(Discriminator.wgan({ gradientPenalty: 10 })),
  "adversarial training, sampling included": Airl.make({
    name: "airl",
    seed: 1,
    policy,
    critic: critic(Discriminator.bce({ labelSmoothing: 0.1 })),
    items: train.map(({ prompt }, demonstration) => ({ prompt, demonstration })),
    promptsPerStep: 2,
    step: { generations: 3, advantage: Advantage.groupRelative(), experts: { prompts: 1 } },
    warmupUpdates: 5,
    updatesPerWarmupBatch: 5,
    policySteps: STEPS - 5,
    criticUpdates: 1,
    heldOut: { demonstrations: heldOut, every: 10 },
    checkpointEvery: 10
  })
}
