import { Effect, type Scope } from "effect"
import type { UnitRewards } from "../objective/index.ts"
import type { Metrics, Stage } from "../run/index.ts"
import type { Backend, SampleError } from "../service/index.ts"
import { Rng } from "../tensor/index.ts"
import { batchAt } from "./batchAt.ts"
import type { Params } from "./Params.ts"
import * as Policy from "./Policy.ts"
import { collect, type Drawn, type PolicyStepOptions, type PromptItem, policyStep } from "./policyStep.ts"
import type * as Scorer from "./Scorer.ts"
import type * as Trainer from "./Trainer.ts"

/** The value of a completion by its final answer; `undefined` where there is no verdict, which is never read as 0. */
export type OutcomeOf = (item: PromptItem, completion: ReadonlyArray<number>) => number | undefined

export interface GrpoOptions {
  readonly name: string
  readonly seed: number
  readonly policy: Policy.PolicyOptions
  readonly items: ReadonlyArray<PromptItem>
  readonly promptsPerStep: number
  readonly step: PolicyStepOptions
  readonly steps: number
  readonly checkpointEvery: number
  readonly outcome: OutcomeOf
}

export type GrpoError = Trainer.TrainerError | Scorer.ScoreError | SampleError

export interface GrpoStage extends Stage<GrpoError, never> {
  readonly result: Effect.Effect<Params, GrpoError>
}

/** The outcome as the reward of one unit, the whole completion; without a verdict there is no unit. */
export const outcomeReward = (outcome: number | undefined, T: number): UnitRewards =>
  outcome === undefined || T === 0
    ? { units: [], unitOf: new Int32Array(T) }
    : { units: [outcome], unitOf: new Int32Array(T) }

/**
 * Group-relative policy optimisation with an outcome reward: the policy step of adversarial training with the known
 * answer in the place of the critic. A reference for what the same policy step can reach when the reward is the truth.
 */
export const make = (options: GrpoOptions): Effect.Effect<GrpoStage, Policy.PolicyError, Backend | Scope.Scope> =>
  Effect.gen(function* () {
    const { name, seed, items, promptsPerStep, step: settings, outcome } = options
    const policy = yield* Policy.make(options.policy)
    return {
      name,
      steps: options.steps,
      checkpointEvery: options.checkpointEvery,
      start: policy.start,
      step: Effect.fnUntraced(function* (step): Effect.fn.Return<Metrics, GrpoError> {
        const batch = batchAt(seed, `${name}/prompts`, items, promptsPerStep, step)
        const rollouts = yield* collect(policy, batch, settings.generations, Rng.make(seed, name, "rollouts", step))
        const rewardOf = (drawn: ReadonlyArray<Drawn>) =>
          Effect.succeed(
            drawn.map(({ item, completion }) => outcomeReward(outcome(batch[item]!, completion), completion.length))
          )
        const rng = Rng.make(seed, name, "experts", step)
        const { metrics } = yield* policyStep(
          policy,
          settings,
          { step, rng, items: batch, rollouts, demonstrations: [] },
          rewardOf
        )
        return metrics
      }),
      save: Effect.map(policy.save, (tensors) => ({ tensors, state: null })),
      restore: ({ tensors }) => policy.restore(tensors),
      result: policy.params
    }
  })
