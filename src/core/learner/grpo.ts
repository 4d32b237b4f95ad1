import { Effect, type Scope } from "effect"
import type { Backend } from "../service/index.ts"
import type { Judge } from "./outcomes.ts"
import type * as Policy from "./Policy.ts"
import { type PolicyStepOptions, policyStep } from "./policyStep.ts"
import * as RolloutStage from "./rolloutStage.ts"

export interface GrpoOptions extends Omit<RolloutStage.RolloutStageOptions, "generations"> {
  readonly step: Omit<PolicyStepOptions, "outcomes">
  /** The outcome rewards, whose weighted sum is the reward. */
  readonly judge: Judge
}

/**
 * Group-relative policy optimisation with outcome rewards: the policy step of adversarial training with the known answer
 * in the place of the critic. A reference for what the same policy step can reach when the reward is the truth.
 *
 * @see specs/39-baselines.md
 */
export const make = ({
  step,
  judge,
  ...options
}: GrpoOptions): Effect.Effect<RolloutStage.PolicyStage, Policy.PolicyError, Backend | Scope.Scope> =>
  RolloutStage.make({ ...options, generations: step.generations }, (policy, batch) =>
    Effect.map(policyStep(policy, { ...step, outcomes: { judge, joins: "reward" } }, batch), ({ metrics }) => metrics)
  )
