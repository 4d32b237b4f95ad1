import { Schema } from "effect"
import { type Decoded, key, when } from "./Key.ts"
import { positive } from "./values.ts"

const opsd = when("opsd")

/** On-policy self-distillation. */
export const opsdKeys = {
  mode: key(Schema.Literals(["direct", "grpo"]), {
    doc: "What is done with a token's weight, how much likelier the expert's trace makes it: `direct` weighs its likelihood, `grpo` takes the mean over a completion as its reward.",
    default: "direct",
    activeWhen: opsd
  }),
  reward_temperature: key(positive, { doc: "Divides the weights.", default: 1, activeWhen: opsd }),
  reward_lb: key(Schema.Finite, { doc: "Lowest weight, in nats.", default: -5, activeWhen: opsd }),
  reward_ub: key(Schema.Finite, { doc: "Highest weight, in nats.", default: 5, activeWhen: opsd }),
  normalize_weights: key(Schema.Boolean, {
    doc: "Whether the weights of a step are standardised.",
    default: false,
    activeWhen: [...opsd, { key: "opsd.mode", values: ["direct"] }]
  })
} as const

export type OpsdConfig = Decoded<typeof opsdKeys>
