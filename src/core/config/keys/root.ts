import { Schema } from "effect"
import { type Decoded, key } from "./Key.ts"
import { count } from "./values.ts"

/** What is trained and how; the reference has a program for each. */
export const algorithms = ["sft", "grpo", "airl", "opsd"] as const

export const rootKeys = {
  algorithm: key(Schema.Literals(algorithms), {
    doc: "What to train: `sft` imitates demonstrations, `grpo` learns from outcomes, `airl` from a learned reward, `opsd` from what it thinks itself with the expert's trace in sight.",
    refused: { gad: "say algorithm=airl model.classifier_loss=gad." },
    own: true
  }),
  seed: key(count, { doc: "Seed of everything random." })
} as const

export type RootConfig = Decoded<typeof rootKeys>
