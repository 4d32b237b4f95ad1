import type { Task } from "rewardflow"

/** What is learned, and how much of it: everything that a lesson depends on besides its seed and its backend. */
export interface Settings {
  readonly difficulty: Task.ArithmeticDifficulty
  /** Problems with an expert's trace, to learn from. */
  readonly problems: number
  /** Problems that nothing is trained on, each with a right and a wrong trace. */
  readonly heldOut: number
  readonly decoder: { readonly width: number; readonly heads: number; readonly feedForward: number }
  /** First the decoder learns to write as the expert does. */
  readonly imitation: { readonly updates: number; readonly traces: number; readonly learningRate: number }
  /** Then a head on it learns to tell the expert's traces from wrong versions of them. */
  readonly judging: { readonly updates: number; readonly pairs: number; readonly learningRate: number }
  /** Updates of the head between two looks at the held-out traces. */
  readonly lookEvery: number
  /** Updates between two checkpoints. */
  readonly saveEvery: number
}

/**
 * Chains of three sums and differences whose results have one digit: about 100 facts, which a decoder of one layer
 * learns in 300 updates.
 */
const full: Settings = {
  difficulty: { steps: 3, start: [1, 9], operand: [1, 5], largest: 9, operators: ["+", "-"] },
  problems: 600,
  heldOut: 60,
  decoder: { width: 64, heads: 4, feedForward: 128 },
  imitation: { updates: 300, traces: 32, learningRate: 5e-3 },
  judging: { updates: 200, pairs: 16, learningRate: 4e-3 },
  lookEvery: 20,
  saveEvery: 20
}

/** The lessons that the page offers; the short one is over in a third of the time, and finds fewer errors. */
export const lessons = {
  full,
  short: {
    ...full,
    imitation: { updates: 240, traces: 16, learningRate: 6e-3 },
    judging: { updates: 120, pairs: 8, learningRate: 4e-3 }
  }
} satisfies Readonly<Record<string, Settings>>

export type LessonName = keyof typeof lessons
