import { Effect, type Scope } from "effect"
import type { GradientTransform, Specs } from "../optim/index.ts"
import type { Metrics } from "../run/index.ts"
import type { Backend, Feeds } from "../service/index.ts"
import type { CriticProgram } from "./criticProgram.ts"
import type { Over } from "./SharedBase.ts"
import * as Trainer from "./Trainer.ts"

/** What one update is fed. */
export interface CriticFeeds {
  readonly shape: Trainer.BatchShape
  readonly traces: Feeds
  readonly units: Feeds
}

/** What a critic trains, and how. */
export interface Training {
  readonly params: Specs
  readonly frozen: Specs
  readonly optimiser: GradientTransform
  readonly over?: Over
  readonly recompute?: boolean | undefined
}

/** A trainer of a critic. */
export interface CriticTrainer extends Omit<Trainer.Trainer, "update" | "accumulate"> {
  readonly update: (count: number, feeds: CriticFeeds) => Effect.Effect<Metrics, Trainer.TrainerError>
}

/** A trainer that holds the activations of a whole batch. */
export const inOne = (
  training: Training,
  program: CriticProgram
): Effect.Effect<CriticTrainer, Trainer.MakeError, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const trainer = yield* Trainer.make<Specs>({
      ...training,
      batch: (shape) => ({ ...program.traceSpecs(shape), ...program.unitSpecs(shape) }),
      loss: (params, feeds) => program.loss(program.read(params, feeds), feeds)
    })
    return {
      ...trainer,
      update: (count, { shape, traces, units }) => trainer.update(count, shape, { ...traces, ...units })
    }
  })
