import { Discriminator, PolicyLoss } from "../objective/index.ts"
import { Granularities } from "../reward/index.ts"
import type { AirlOptions } from "./AirlOptions.ts"
import type { LogitCriticOptions } from "./CriticOptions.ts"
import type { PolicyOptions } from "./Policy.ts"
import type * as Units from "./Units.ts"

/** The price of KL in both baselines. */
const KL_COEFFICIENT = 0.1

const objective = PolicyLoss.grpo({ clipLow: 0.2, clipHigh: 0.2, klCoefficient: KL_COEFFICIENT })

/** One unit, the whole completion: it needs no text. */
const sparse: Units.Partitioner = (completion) =>
  Granularities.sparse.partition({ ids: completion, pieces: completion.map(() => "") })

/** What a baseline leaves open of adversarial training. */
interface Open extends Omit<AirlOptions, "policy" | "critic" | "criticUpdates" | "continueWarmup" | "failOnUnchanged"> {
  readonly policy: Omit<PolicyOptions, "objective">
}

export interface GadOptions extends Omit<Open, "switchLabel"> {
  /** Neither perturbations nor replay: every expert meets fresh rollouts of its own prompt, and nothing else. */
  readonly critic: Pick<LogitCriticOptions, "model" | "optimiser" | "demonstrations" | "scale" | "microBatch" | "load">
  /** By how many logits the expert should win, 0 by default. */
  readonly margin?: number
  /** Rollouts of its prompt that an expert meets in an update, 1 by default. */
  readonly negatives?: number
}

/**
 * GAD, adversarial distillation with a pairwise critic: a Bradley-Terry loss of each expert trace against rollouts of its
 * own prompt, one logit a completion, two updates before each policy step, β = 0.1.
 *
 * @see specs/39-baselines.md
 */
export const gad = ({ margin = 0, negatives = 1, ...options }: GadOptions): AirlOptions => ({
  ...options,
  policy: { ...options.policy, objective },
  critic: {
    ...options.critic,
    objective: Discriminator.pairwise({ margin, negatives }),
    partition: sparse,
    batch: { rollouts: options.promptsPerStep * options.step.generations, freshShare: 1, perturbed: 0 },
    replayCapacity: 0
  },
  criticUpdates: 2
})

export interface FixedCriticOptions extends Open {
  readonly critic: Omit<LogitCriticOptions, "partition">
}

/**
 * RLHF with a fixed critic: one logit a completion, learned in the warm-up (or loaded) and never updated again, β = 0.1.
 *
 * @see specs/39-baselines.md
 */
export const fixedCritic = (options: FixedCriticOptions): AirlOptions => ({
  ...options,
  policy: { ...options.policy, objective },
  critic: { ...options.critic, partition: sparse },
  criticUpdates: 0
})
