import { Optim } from "rewardflow"

/** AdamW with clipped gradients; its rate rises over 20 updates and falls along a cosine to 0. */
export const optimiser = (learningRate: number, updates: number): Optim.GradientTransform =>
  Optim.chain(
    Optim.clipByGlobalNorm(1),
    Optim.adamw({
      learningRate: Optim.Schedules.cosine({
        peak: learningRate,
        warmupSteps: Math.min(20, updates),
        totalSteps: updates
      }),
      beta1: 0.9,
      beta2: 0.98,
      weightDecay: 0.1,
      decays: Optim.matricesOnly
    })
  )
