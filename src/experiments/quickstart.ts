import { Effect } from "effect"
import { Onnx } from "../backends/onnx/index.ts"
import type { Handler, QuickstartOptions } from "./commands/index.ts"
import { arithmeticPlan, quickPlan, reasoning } from "./quickstart/index.ts"

/** What `rewardflow quickstart` runs. */
export const quickstart: Handler<QuickstartOptions> = (options) =>
  reasoning(options, options.quick ? quickPlan : arithmeticPlan).pipe(
    Effect.scoped,
    Effect.provide(Onnx.cpuWith(options.threads === undefined ? {} : { threads: options.threads }))
  )
