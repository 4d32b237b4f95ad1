import type { Gsm8kPlan } from "./gsm8k.ts"

/** The settings of `quickstart --task gsm8k`. */
export const gsm8kPlan: Gsm8kPlan = {
  contextTokens: 224,
  trainProblems: 4000,
  validationProblems: 100,
  testProblems: 150,
  rollouts: 500,
  generations: 4,
  recipe: {
    model: { width: 96, layers: 2, heads: 4, feedForward: 256 },
    sft: {
      steps: 300,
      batchSize: 24,
      validateEvery: 50,
      optimiser: { learningRate: 4e-3, warmupSteps: 20, weightDecay: 0.1, beta2: 0.98 }
    },
    spareTokens: 0
  },
  reward: {
    model: { width: 64, layers: 2, heads: 4, feedForward: 192 },
    steps: 250,
    batch: { rollouts: 6, freshShare: 1, perturbed: 10 },
    labelSmoothing: 0.1,
    optimiser: { learningRate: 2e-3, warmupSteps: 20, weightDecay: 0.1, beta2: 0.98 },
    lookEvery: 50,
    keep: "best",
    checkpointEvery: 50
  }
}

/** Shows that everything works. */
export const quickGsm8kPlan: Gsm8kPlan = {
  ...gsm8kPlan,
  contextTokens: 160,
  trainProblems: 400,
  validationProblems: 24,
  testProblems: 24,
  rollouts: 48,
  generations: 2,
  recipe: {
    ...gsm8kPlan.recipe,
    model: { ...gsm8kPlan.recipe.model, width: 32, layers: 1, heads: 2, feedForward: 64 },
    sft: { ...gsm8kPlan.recipe.sft, steps: 40, validateEvery: 20 }
  },
  reward: { ...gsm8kPlan.reward, steps: 40, lookEvery: 20 }
}
