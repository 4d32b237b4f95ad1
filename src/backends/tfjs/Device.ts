import type { TensorInfo } from "@tensorflow/tfjs-core"
import type { Program } from "../../core/program/index.ts"
import type { Engine } from "./Engine.ts"
import type { AdapterLost } from "./errors.ts"
import type { Rules } from "./lower/Plan.ts"

/** An engine that programs run on: how they are lowered for it, and what can go wrong with it. */
export interface Device extends Engine {
  /** As shown to people: `tfjs-cpu`, ... */
  readonly name: string
  readonly rules: Rules
  /** Rewrites a program into one that the rules do better with. */
  readonly prepare: (program: Program) => Program
  /** Runs kernels, one after another without a pause, apart from what other instances of the same backend do. */
  readonly entered: <A>(work: () => A) => A
  /** The elements of a tensor, valid until the next kernel. */
  readonly read: (x: TensorInfo) => Promise<ArrayLike<number>>
  /** Most bytes of one tensor. */
  readonly tensorBytes: number
  /** Bytes for tensors that are still free, where the device tells. */
  readonly free: () => number | undefined
  /** Set once the device has gone. */
  readonly lost: () => AdapterLost | undefined
  /** Begins a run; the result ends it, and fails with what the device has reported meanwhile. Ending twice does nothing more. */
  readonly begin: (predicted: number) => () => Promise<void>
  /** Lets go of the device. */
  readonly close: () => void
}
