import { Effect, type Scope } from "effect"
import type { Metrics, Stage } from "../run/index.ts"
import type { Backend, SampleError } from "../service/index.ts"
import { Rng } from "../tensor/index.ts"
import { batchAt } from "./batchAt.ts"
import { collect, type PromptItem } from "./Drawn.ts"
import type { Params } from "./Params.ts"
import * as Policy from "./Policy.ts"
import type { StepBatch } from "./policyStep.ts"
import type * as Scorer from "./Scorer.ts"
import type { Sequence } from "./Sequence.ts"
import type { OtherBase } from "./SharedBase.ts"
import type * as Trainer from "./Trainer.ts"

/** What every stage that trains a policy on its own rollouts has. */
export interface RolloutStageOptions<Item extends PromptItem = PromptItem> {
  readonly name: string
  readonly seed: number
  readonly policy: Policy.PolicyOptions
  readonly items: ReadonlyArray<Item>
  readonly promptsPerStep: number
  /** Completions of each prompt, G. */
  readonly generations: number
  readonly steps: number
  readonly checkpointEvery: number
  /** Expert traces that items refer to; none by default. */
  readonly demonstrations?: ReadonlyArray<Sequence>
}

export type RolloutError = Trainer.TrainerError | Scorer.ScoreError | SampleError | OtherBase

/** A stage of which a policy comes out. */
export interface PolicyStage extends Stage<RolloutError, never> {
  readonly result: Effect.Effect<Params, RolloutError>
}

/** Rollouts of one step, with all that their items have. */
export interface Batch<Item extends PromptItem> extends StepBatch {
  readonly items: ReadonlyArray<Item>
}

/**
 * A stage whose every step draws G completions of some prompts from the present policy and trains it on them: `learn` is
 * all that tells such learners apart. Its state is the policy's; batches and draws are named by seed, stage and step.
 */
export const make = <Item extends PromptItem>(
  options: RolloutStageOptions<Item>,
  learn: (policy: Policy.Policy, batch: Batch<Item>) => Effect.Effect<Metrics, RolloutError>
): Effect.Effect<PolicyStage, Policy.PolicyError, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const { name, seed, promptsPerStep, generations, demonstrations = [] } = options
    const policy = yield* Policy.make(options.policy)
    return {
      name,
      steps: options.steps,
      checkpointEvery: options.checkpointEvery,
      start: policy.start,
      step: Effect.fnUntraced(function* (step) {
        const items = batchAt(seed, `${name}/prompts`, options.items, promptsPerStep, step)
        const rollouts = yield* collect(policy, items, generations, Rng.make(seed, name, "rollouts", step))
        const rng = Rng.make(seed, name, "experts", step)
        return yield* learn(policy, { step, rng, items, rollouts, demonstrations })
      }),
      save: Effect.map(policy.save, (tensors) => ({ tensors, state: null })),
      restore: ({ tensors }) => policy.restore(tensors),
      result: policy.params
    }
  })
