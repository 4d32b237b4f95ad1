import { Effect } from "effect"
import {
  type CriticBatch,
  type HeldOutTraces,
  type Negative,
  type Perturb,
  RewardModels,
  RewardOffline,
  type Sequence,
  Units
} from "../../core/learner/index.ts"
import type { ModelConfig } from "../../core/model/index.ts"
import { Discriminator } from "../../core/objective/index.ts"
import type { Granularity } from "../../core/reward/index.ts"
import type { Tokenizer } from "../../core/text/index.ts"
import type { TrainedReward } from "../evaluate/index.ts"
import { type ModelShape, modelConfig, type OptimiserSettings, optimiser, type Session } from "../run/index.ts"

/** How a reward is learned from traces at hand. */
export interface RewardSettings {
  readonly model: ModelShape
  readonly steps: number
  readonly batch: CriticBatch
  readonly labelSmoothing: number
  readonly optimiser: OptimiserSettings
  /** Updates between two looks at held-out traces. */
  readonly lookEvery: number
  readonly keep: "last" | "best"
  readonly checkpointEvery: number
}

/** The traces, as token ids. */
export interface RewardTraces {
  readonly tokenizer: Tokenizer
  readonly demonstrations: ReadonlyArray<Sequence.Sequence>
  readonly rollouts: ReadonlyArray<Negative>
  readonly perturb?: Perturb
  readonly heldOut: Omit<HeldOutTraces, "every">
}

/** A reward with the shape of its decoder, which is needed to write it down. */
export interface LearnedReward extends TrainedReward {
  readonly config: ModelConfig
}

/** Learns a reward model from scratch on traces, durably, as one stage of a run. */
export const learnReward = (
  session: Session,
  options: {
    readonly name: string
    readonly seed: number
    readonly granularity: Granularity
    readonly traces: RewardTraces
    readonly settings: RewardSettings
    /** Longest prompt with its completion, in tokens. */
    readonly contextLength: number
  }
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { name, seed, granularity, traces, settings, contextLength } = options
      const { tokenizer, demonstrations, rollouts, perturb, heldOut } = traces
      const config = modelConfig(settings.model, tokenizer.vocabSize, contextLength)
      const model = RewardModels.scalarHead({ config, seed })
      const partition = Units.partitioner(granularity, tokenizer)
      const stage = yield* RewardOffline.make({
        name,
        seed,
        critic: {
          model,
          objective: Discriminator.bce({ labelSmoothing: settings.labelSmoothing }),
          optimiser: optimiser(settings.optimiser, settings.steps),
          partition,
          demonstrations,
          ...(perturb === undefined ? {} : { perturb }),
          batch: settings.batch
        },
        rollouts,
        steps: settings.steps,
        heldOut: { ...heldOut, every: settings.lookEvery },
        keep: settings.keep,
        checkpointEvery: settings.checkpointEvery
      })
      yield* session.run(stage)
      const params = yield* stage.result
      return { model, params, partition, kind: `${granularity.name}, bce`, config } satisfies LearnedReward
    })
  )
