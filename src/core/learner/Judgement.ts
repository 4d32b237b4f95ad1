import { Effect } from "effect"
import { type DiscriminatorBatch, RewardForms, type UnitRewards } from "../objective/index.ts"
import type { GradientTransform, Loss, Specs, Tree } from "../optim/index.ts"
import type { Expr } from "../program/index.ts"
import type { Partition } from "../reward/index.ts"
import type { Metrics } from "../run/index.ts"
import type { Feeds } from "../service/index.ts"
import type { LogitCriticOptions } from "./CriticOptions.ts"
import type * as Scorer from "./Scorer.ts"
import type { Sequence } from "./Sequence.ts"
import type { BatchShape } from "./Trainer.ts"
import * as Units from "./Units.ts"

/** Numbers of the completion tokens of one sequence, by what was read. */
export type TokenReadings = Readonly<Record<string, Float64Array>>

/**
 * What tells one kind of critic from another: how it reads tokens, what it minimises in what it read, and what units are
 * worth. Everything else (batches, replay, updates, checkpoints) is the same for all.
 */
export interface Judgement {
  readonly optimiser: GradientTransform
  /** Names of what is read. */
  readonly readings: ReadonlyArray<string>
  /** What is read of tokens, each [B, T] of ids [B, T]. `reward` is the one that is shown a token at a time. */
  readonly read: (params: Tree, ids: Expr) => Readonly<Record<string, Expr>> & { readonly reward: Expr }
  /** Types of what the loss is fed beside the units. */
  readonly specs: (shape: BatchShape) => Specs
  readonly feeds: (sequences: ReadonlyArray<Sequence>, shape: BatchShape) => Effect.Effect<Feeds, Scorer.ScoreError>
  readonly loss: (readings: Tree, batch: Omit<DiscriminatorBatch, "logits">, feeds: Tree) => Loss
  /** What is taken from the units' f to give the discriminator's logits, a list a sequence; 0 but for segment critics. */
  readonly offsets: (
    sequences: ReadonlyArray<Sequence>
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<number>>, Scorer.ScoreError>
  /** f of the units, before the offset. */
  readonly values: (readings: TokenReadings, partition: Partition) => ReadonlyArray<number>
  readonly rewards: (readings: TokenReadings, partition: Partition) => UnitRewards
  /** Metrics that depend on the learning rate of an update. */
  readonly rates: (learningRate: number) => Metrics
}

/** The critic whose logit of a unit is the model's at its last token. */
export const ofLogits = ({ model, objective, optimiser, scale = {}, partition }: LogitCriticOptions): Judgement => {
  const { reward } = RewardForms.scaled(scale.form ?? RewardForms.logit, scale)
  const values: Judgement["values"] = ({ reward }, own) => Units.atUnits(own, reward!).units
  return {
    optimiser,
    readings: ["reward"],
    read: (params, ids) => ({ reward: model.rewards(params, ids) }),
    specs: () => ({}),
    feeds: () => Effect.succeed({}),
    loss: (readings, batch) => objective.loss({ ...batch, logits: readings["reward"]! }),
    offsets: (sequences) =>
      Effect.succeed(sequences.map(({ completion }) => Array.from(partition(completion).ends, () => 0))),
    values,
    rewards: (readings, own) => ({ units: values(readings, own).map(reward), unitOf: own.unitOf }),
    rates: () => ({})
  }
}
