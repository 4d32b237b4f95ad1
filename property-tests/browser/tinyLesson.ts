import type { LessonName, Settings } from "../../examples/browser/learn/settings.ts"

/** Learns nothing, and passes through everything that a lesson does. */
const tiny: Settings = {
  difficulty: { steps: 3, start: [1, 9], operand: [1, 5], largest: 9, operators: ["+", "-"] },
  problems: 12,
  heldOut: 4,
  decoder: { width: 8, heads: 2, feedForward: 8 },
  imitation: { updates: 4, traces: 2, learningRate: 1e-3 },
  judging: { updates: 4, pairs: 1, learningRate: 1e-3 },
  lookEvery: 2,
  saveEvery: 2
}

/** In the place of `examples/browser/learn/settings.ts`: a full lesson that lasts, and a short one that is soon over. */
export const lessons = {
  full: { ...tiny, imitation: { ...tiny.imitation, updates: 5000 } },
  short: tiny
} satisfies Readonly<Record<LessonName, Settings>>
