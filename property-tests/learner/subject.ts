import { Effect, type Layer, Result, type Scope } from "effect"
import { Onnx } from "../../src/backends/onnx/index.ts"
import * as Reference from "../../src/backends/reference/index.ts"
import { Outcomes } from "../../src/core/data/index.ts"
import * as Laws from "../../src/core/laws/index.ts"
import {
  type AirlOptions,
  type GrpoOptions,
  type Judge,
  type LogitCriticOptions,
  type Params,
  type Perturb,
  type PolicyOptions,
  RewardModels,
  type SegmentCriticChoice,
  type SegmentOptions,
  type Sequence,
  type SftOptions,
  Units
} from "../../src/core/learner/index.ts"
import { initialise, type ModelConfig, ModelConfigs, Safetensors } from "../../src/core/model/index.ts"
import { Advantage, Discriminator, PolicyLoss, Segment } from "../../src/core/objective/index.ts"
import { adamw, chain, clipByGlobalNorm, type GradientTransform, stateless } from "../../src/core/optim/index.ts"
import { mul } from "../../src/core/program/index.ts"
import { Granularities, type Granularity } from "../../src/core/reward/index.ts"
import type { Snapshot, Stage } from "../../src/core/run/index.ts"
import { plain } from "../../src/core/sampling/index.ts"
import type { Backend } from "../../src/core/service/index.ts"
import { Rng, type Tensor } from "../../src/core/tensor/index.ts"

/** Every backend that the learners are tried on. */
export const backends: ReadonlyArray<readonly [name: string, layer: Layer.Layer<Backend, unknown>]> = [
  ["reference", Reference.layer],
  ["onnx", Onnx.cpuWith({ threads: 1 })]
]

/** Runs a test on a backend. */
export const on = <A, E>(
  layer: Layer.Layer<Backend, unknown>,
  test: Effect.Effect<A, E, Backend | Scope.Scope>
): Promise<A> => Effect.runPromise(test.pipe(Effect.scoped, Effect.provide(layer)))

export const PAD = 0
export const EOS = 1
const END_OF_STEP = 2
const FIRST_DIGIT = 3
const DIGITS = 8
export const VOCABULARY = FIRST_DIGIT + DIGITS

/** Shows a token as a letter, the end of a step as a full stop with a newline. */
export const tokenizer = {
  decode: (ids: ReadonlyArray<number>): string =>
    ids.map((id) => (id === END_OF_STEP ? ".\n" : id === EOS ? "" : String.fromCharCode(94 + id))).join("")
}

/** The four granularities on these tokens. */
export const granularities: ReadonlyArray<Granularity> = [
  Granularities.sparse,
  Granularities.stepwise(),
  Granularities.interval(3),
  Granularities.dense
]

export const config: ModelConfig = Result.getOrThrow(
  ModelConfigs.fromJson({
    model_type: "qwen2",
    vocab_size: VOCABULARY,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 2,
    max_position_embeddings: 32,
    tie_word_embeddings: true,
    initializer_range: 0.2
  })
)

/** Two digits, and the expert's answer: both in turn, a step each, then once more both. */
const demonstration = (rng: Rng.Rng): Sequence.Sequence => {
  const [a, b] = [FIRST_DIGIT + Rng.int(rng, DIGITS), FIRST_DIGIT + Rng.int(rng, DIGITS)]
  return { prompt: [a, b], completion: [a, END_OF_STEP, b, END_OF_STEP, a, b, EOS] }
}

const rng = Rng.make(3, "demonstrations")
export const train: ReadonlyArray<Sequence.Sequence> = Array.from({ length: 24 }, () => demonstration(rng))
export const validation: ReadonlyArray<Sequence.Sequence> = Array.from({ length: 8 }, () => demonstration(rng))

/** One digit of a demonstration becomes another, at times the same. */
export const perturb: Perturb = (stream, index) => {
  const { completion } = train[index]!
  const at = Rng.pick(stream, [0, 2, 4, 5])
  return completion.map((id, t) => (t === at ? FIRST_DIGIT + Rng.int(stream, DIGITS) : id))
}

export const params: Params = initialise(config, 5)

const optimiser = (learningRate: number) => chain(clipByGlobalNorm(1), adamw({ learningRate }))

export const sft = (options: Partial<SftOptions> = {}): SftOptions => ({
  name: "sft",
  seed: 1,
  config,
  params,
  train,
  validation,
  steps: 30,
  batchSize: 8,
  optimiser: optimiser(1e-2),
  validateEvery: 10,
  ...options
})

export const policy = (options: Partial<PolicyOptions> = {}): PolicyOptions => ({
  config,
  params,
  objective: PolicyLoss.grpo({ clipLow: 0.2, clipHigh: 0.2, klCoefficient: 0.1 }),
  optimiser: optimiser(1e-2),
  sampling: plain(8, [EOS]),
  longestPrompt: 2,
  ...options
})

export const critic = (granularity: Granularity, options: Partial<LogitCriticOptions> = {}): LogitCriticOptions => ({
  model: RewardModels.scalarHead({ config, trunk: params, seed: 7 }),
  objective: Discriminator.bce({ labelSmoothing: 0.1 }),
  optimiser: optimiser(1e-2),
  partition: Units.partitioner(granularity, tokenizer),
  demonstrations: train,
  perturb,
  batch: { rollouts: 4, freshShare: 0.5, perturbed: 4 },
  scale: { clamp: [-5, 5] },
  replayCapacity: 12,
  ...options
})

/** Plain gradient steps, so that a change of the parameters is the gradient. */
export const descent = (rate = 1): GradientTransform => ({
  ...stateless(({ updates }) => ({
    updates: Object.fromEntries(Object.entries(updates).map(([name, g]) => [name, mul(g, -rate)]))
  })),
  scalars: () => ({ learning_rate: rate })
})

/** The same critic with a potential, on f - log π of segments. */
export const segmentCritic = (
  granularity: Granularity,
  segment: Partial<SegmentOptions> = {},
  options: Partial<SegmentCriticChoice> = {}
): SegmentCriticChoice => {
  const { model: _, scale: __, ...rest } = critic(granularity)
  return {
    ...rest,
    model: RewardModels.segmentHeads({ config, trunk: params, seed: 7 }),
    segment: { gamma: 1, potentialPenalty: 1e-4, shapePenalty: 1e-4, reward: Segment.rewardG, ...segment },
    ...options
  }
}

const items = train.map(({ prompt }, demonstration) => ({ prompt, demonstration }))

export const airl = (granularity: Granularity, options: Partial<AirlOptions> = {}): AirlOptions => ({
  name: "airl",
  seed: 1,
  policy: policy(),
  critic: critic(granularity),
  items,
  promptsPerStep: 3,
  step: { generations: 2, advantage: Advantage.groupRelative(), experts: { prompts: 1 } },
  warmupUpdates: 3,
  updatesPerWarmupBatch: 2,
  policySteps: 4,
  criticUpdates: 2,
  heldOut: { demonstrations: validation, every: 2 },
  selection: { keep: "best", klWeight: 0.1 },
  checkpointEvery: 2,
  ...options
})

/** Counts the completion's tokens that are in the prompt; beside it, its length, which does not count. */
export const judge =
  (weight: number): Judge =>
  ({ prompt }, completion) => [
    { name: "copied", weight, outcome: Outcomes.scored(completion.filter((id) => prompt.includes(id)).length, "") },
    { name: "length", weight: 0, outcome: Outcomes.scored(completion.length, "") }
  ]

export const grpo = (options: Partial<GrpoOptions> = {}): GrpoOptions => ({
  name: "grpo",
  seed: 1,
  policy: policy(),
  items,
  promptsPerStep: 3,
  step: { generations: 4, advantage: Advantage.groupRelative() },
  steps: 4,
  checkpointEvery: 2,
  judge: judge(1),
  ...options
})

/** What a snapshot is after it was written to a checkpoint and read back. */
export const stored = ({ tensors, state }: Snapshot): Snapshot => ({
  tensors: Result.getOrThrow(Safetensors.decode(Safetensors.encode(tensors))).tensors,
  state: JSON.parse(JSON.stringify(state))
})

/** Steps from..to of a stage. */
export const steps = <E, R>(stage: Stage<E, R>, from: number, to: number) =>
  Effect.forEach(
    Array.from({ length: to - from }, (_, k) => from + k),
    (index) => stage.step(index)
  )

/** Bytes of every tensor, by name. */
export const bytes = (tensors: Readonly<Record<string, Tensor>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { data }]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64")
    ])
  )

/** The exported law that a stage which is resumed after some steps equals the uninterrupted one. */
export const resumes = <E, R, E2, R2>(make: Effect.Effect<Stage<E, R>, E2, R2>, ...after: ReadonlyArray<number>) =>
  Laws.stage("stage", make, { after })[0]!.check
