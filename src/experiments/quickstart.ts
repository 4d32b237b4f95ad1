import { Effect } from "effect"
import { backendLayer } from "./backends/index.ts"
import type { Handler, QuickstartOptions } from "./commands/index.ts"
import {
  arithmeticPlan,
  gsm8k,
  gsm8kPlan,
  mmluPro,
  mmluProPlan,
  quickGsm8kPlan,
  quickMmluProPlan,
  quickPlan,
  reasoning
} from "./quickstart/index.ts"

const experiment = Effect.fnUntraced(function* (options: QuickstartOptions) {
  switch (options.task) {
    case "arithmetic":
      return yield* reasoning(options, options.quick ? quickPlan : arithmeticPlan)
    case "gsm8k":
      return yield* gsm8k(options, options.quick ? quickGsm8kPlan : gsm8kPlan)
    case "mmlu-pro":
      return yield* mmluPro(options, options.quick ? quickMmluProPlan : mmluProPlan)
  }
})

/** What `rewardflow quickstart` runs. */
export const quickstart: Handler<QuickstartOptions> = (options) =>
  experiment(options).pipe(Effect.scoped, Effect.provide(backendLayer(options.backend, options)))
