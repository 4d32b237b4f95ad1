import type { MmluProPlan } from "./mmluPro.ts"

/** The settings of `quickstart --task mmlu-pro`. */
export const mmluProPlan: MmluProPlan = {
  promptTokens: 48,
  completionTokens: 208,
  trainQuestions: 1500,
  testQuestions: 600,
  heldOutQuestions: 50,
  settings: {
    model: { width: 64, layers: 2, heads: 4, feedForward: 192 },
    steps: 300,
    batch: { rollouts: 16, freshShare: 1, perturbed: 0 },
    labelSmoothing: 0.1,
    optimiser: { learningRate: 1e-3, warmupSteps: 20, weightDecay: 0.1, beta2: 0.98 },
    lookEvery: 75,
    keep: "best",
    checkpointEvery: 50
  }
}

/** Shows that everything works. */
export const quickMmluProPlan: MmluProPlan = {
  ...mmluProPlan,
  promptTokens: 32,
  completionTokens: 96,
  trainQuestions: 200,
  testQuestions: 60,
  settings: { ...mmluProPlan.settings, steps: 40, lookEvery: 20 }
}
