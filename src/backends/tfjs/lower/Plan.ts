import type { TensorInfo } from "@tensorflow/tfjs-core"
import type * as Lowering from "../../../core/lowering/index.ts"
import type { OpTag } from "../../../core/program/index.ts"
import type { Arena } from "../Arena.ts"

export type { View } from "../../../core/lowering/index.ts"

/** How one program node is computed by kernels. */
export interface Plan extends Lowering.Plan {
  /** Makes the value out of those of `args`; whatever else it makes is released after it. */
  readonly run: (arena: Arena, args: ReadonlyArray<TensorInfo>) => TensorInfo
}

export type Rule<T extends OpTag> = Lowering.Rule<T, Plan>
export type Rules = Lowering.Rules<Plan>
