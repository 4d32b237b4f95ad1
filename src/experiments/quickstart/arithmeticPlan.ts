import { verifierHead } from "../../core/learner/index.ts"
import { Advantage, Discriminator } from "../../core/objective/index.ts"
import { standardDifficulty } from "../../core/task/index.ts"
import type { ReasoningPlan } from "./reasoning.ts"

/**
 * The settings of `npm start`. Four operations a problem, so that a small policy is right step by step (about .87) and
 * wrong in one line (about .2): with three, some seeds learn the shortcut nearly as well and leave a reward nothing to
 * teach.
 */
export const arithmeticPlan: ReasoningPlan = {
  difficulty: { ...standardDifficulty, steps: 4 },
  sizes: { train: 2000, unlabelled: 0, validation: 200, test: 200 },
  interval: 5,
  recipe: {
    model: { width: 64, layers: 2, heads: 4, feedForward: 192 },
    sft: {
      steps: 1400,
      batchSize: 32,
      validateEvery: 50,
      optimiser: { learningRate: 5e-3, warmupSteps: 50, weightDecay: 0.5, beta2: 0.98 }
    },
    policy: {
      steps: 40,
      promptsPerStep: 32,
      generations: 8,
      klCoefficient: 0.02,
      clip: 0.2,
      updates: 1,
      experts: 0,
      advantage: Advantage.groupRelative(),
      optimiser: { learningRate: 7e-4, warmupSteps: 5, weightDecay: 0, beta2: 0.98 }
    },
    critic: {
      model: {
        name: "verifier head",
        make: ({ config, trunk, seed }) => verifierHead({ config, trunk, seed })
      },
      objective: Discriminator.bce({ labelSmoothing: 0.1 }),
      batch: { rollouts: 8, freshShare: 0.5, perturbed: 24, versions: 1 },
      switchLabels: false,
      weighting: { rollout: 1, perturbed: 1 },
      clamp: [-5, 5],
      temperature: 1,
      replayCapacity: 4096,
      warmupUpdates: 300,
      updatesPerWarmupBatch: 25,
      updates: 2,
      optimiser: { learningRate: 2e-3, warmupSteps: 20, weightDecay: 0.1, beta2: 0.98 }
    },
    heldOut: { prompts: 64, every: 1, selection: { keep: "last" } },
    grpo: {},
    evaluation: { generations: 8, temperature: 1 },
    checkpointEvery: 50,
    spareTokens: 8
  }
}

/** Smaller in every way: shows that everything works in well under a minute, and learns next to nothing. */
export const quickPlan: ReasoningPlan = {
  ...arithmeticPlan,
  sizes: { train: 200, unlabelled: 0, validation: 40, test: 24 },
  recipe: {
    ...arithmeticPlan.recipe,
    model: { width: 32, layers: 1, heads: 2, feedForward: 64 },
    sft: { ...arithmeticPlan.recipe.sft, steps: 120, validateEvery: 30 },
    policy: { ...arithmeticPlan.recipe.policy, steps: 4, promptsPerStep: 4 },
    critic: { ...arithmeticPlan.recipe.critic, warmupUpdates: 20, updatesPerWarmupBatch: 10 },
    heldOut: { prompts: 16, every: 1, selection: { keep: "last" } },
    checkpointEvery: 30
  }
}
