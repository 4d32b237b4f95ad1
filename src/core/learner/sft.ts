import { Effect, type Scope } from "effect"
import { type ModelConfig, parameterSpecs } from "../model/index.ts"
import { PolicyLoss } from "../objective/index.ts"
import type { GradientTransform } from "../optim/index.ts"
import { Programs } from "../program/index.ts"
import type { Json, Stage } from "../run/index.ts"
import type { Backend, BackendFailure } from "../service/index.ts"
import { batchAt } from "./batchAt.ts"
import { type Params, prefixed, unprefixed } from "./Params.ts"
import * as Scorer from "./Scorer.ts"
import * as Sequence from "./Sequence.ts"
import * as Trainer from "./Trainer.ts"

export interface SftOptions {
  readonly name: string
  readonly seed: number
  readonly config: ModelConfig
  /** Parameters to start from. */
  readonly params: Params
  /** Demonstrations to imitate; the completion ends with the end-of-sequence token. */
  readonly train: ReadonlyArray<Sequence.Sequence>
  /** Held-out demonstrations; the parameters of the lowest loss on them are kept. */
  readonly validation: ReadonlyArray<Sequence.Sequence>
  readonly steps: number
  readonly batchSize: number
  readonly optimiser: GradientTransform
  /** A validation, and a checkpoint, every so many steps. */
  readonly validateEvery: number
}

export type SftError = Trainer.TrainerError | Scorer.ScoreError

export interface SftStage extends Stage<SftError, never> {
  /** The parameters of the best validation loss. */
  readonly result: Effect.Effect<Params>
}

/** Mean negative log-likelihood a completion token, over all sequences. */
const heldOutLoss = (score: Scorer.Score, sequences: ReadonlyArray<Sequence.Sequence>) =>
  Effect.map(score(sequences), (rows) => {
    const tokens = rows.reduce((n, row) => n + row.length, 0)
    return -rows.reduce((total, row) => row.reduce((s, x) => s + x, total), 0) / Math.max(1, tokens)
  })

interface Best {
  readonly loss: number
  readonly step: number
}

/**
 * Supervised fine-tuning: minimises -Σ log π(completion) / Σ tokens over demonstrations, prompts masked, end of
 * sequence supervised, and keeps the parameters of the best validation loss.
 *
 * @see specs/32-policy-objective.md
 */
export const make = (options: SftOptions): Effect.Effect<SftStage, BackendFailure, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const { config, seed, name, train, validation } = options
    const trainer = yield* Trainer.make({
      params: parameterSpecs(config),
      optimiser: options.optimiser,
      batch: ({ rows, width }) => ({
        ids: Programs.spec([rows, width], "i32"),
        mask: Programs.spec([rows, width])
      }),
      loss: (params, { ids, mask }) => ({
        loss: PolicyLoss.negativeLogLikelihood(Scorer.logProbsOf(config, params, ids), mask)
      })
    })
    const score = yield* Scorer.logProbs(config, trainer.memory)
    const width = Sequence.width(train)
    let best: Best = { loss: Number.POSITIVE_INFINITY, step: -1 }
    let kept: Params = options.params

    const validate = Effect.fnUntraced(function* (step: number) {
      const loss = yield* heldOutLoss(score, validation)
      if (loss < best.loss) {
        best = { loss, step }
        kept = yield* trainer.params
      }
      return loss
    })

    return {
      name,
      steps: options.steps,
      checkpointEvery: options.validateEvery,
      start: Effect.gen(function* () {
        best = { loss: Number.POSITIVE_INFINITY, step: -1 }
        kept = options.params
        yield* trainer.load(options.params)
      }),
      step: Effect.fnUntraced(function* (index) {
        const batch = batchAt(seed, name, train, options.batchSize, index)
        const rows = batch.length
        const metrics = yield* trainer.update(
          index,
          { rows, width },
          { ids: Sequence.ids(batch, rows, width), mask: Sequence.completionMask(batch, rows, width) }
        )
        const due = (index + 1) % options.validateEvery === 0 || index + 1 === options.steps
        return due ? { ...metrics, "eval/loss": yield* validate(index) } : metrics
      }),
      save: Effect.map(trainer.save, (memory) => ({
        tensors: { ...prefixed("memory/", memory), ...prefixed("best/", kept) },
        state: { ...best, loss: Number.isFinite(best.loss) ? best.loss : null } satisfies Json
      })),
      restore: Effect.fnUntraced(function* ({ tensors, state }) {
        const { loss, step } = state as { readonly loss: number | null; readonly step: number }
        best = { loss: loss ?? Number.POSITIVE_INFINITY, step }
        kept = unprefixed("best/", tensors)
        yield* trainer.restore(unprefixed("memory/", tensors))
      }),
      result: Effect.sync(() => kept)
    }
  })
