import type { Attribute, KernelBackend, TensorInfo } from "@tensorflow/tfjs-core"
import type { Node } from "../../core/program/index.ts"

/** The module `@tensorflow/tfjs-core`. */
export type Core = typeof import("@tensorflow/tfjs-core")

/** Inputs of a kernel: by name, or in order where there may be any number. */
export type Inputs = Readonly<Record<string, TensorInfo>> | ReadonlyArray<TensorInfo>

/** Attributes of a kernel; ours may be given the program's node itself. */
export type Attributes = Readonly<Record<string, Attribute | Node | undefined>>

/** Where kernels run, and what must yet be found true of their results. */
export interface Kernels {
  /** The only result of a registered kernel. */
  readonly run: (kernel: string, inputs: Inputs, attrs?: Attributes) => TensorInfo
  /** Checks whose answer is known only when the device is read. */
  readonly checks: Array<() => Promise<void>>
  /** Integers whose elements the host knows, by their data. */
  readonly known: WeakMap<object, ArrayLike<number>>
  /** A handle of a tensor that lasts until the work is over. */
  readonly keep: (x: TensorInfo) => TensorInfo
}

/**
 * One instance of a TensorFlow.js backend that belongs to one layer: never registered with the global engine, which
 * neither sees nor moves its tensors.
 */
export interface Engine {
  readonly core: Core
  readonly backend: KernelBackend
  /** The name under which the kernels of this backend are registered. */
  readonly kernels: string
  /** Brings a new tensor to where kernels run. */
  readonly settle: (x: TensorInfo) => void
  /** Writes rows over those of a tensor from row `at` on, where it lies; absent where tensors cannot be written to. */
  readonly writeRows?: (into: TensorInfo, rows: TensorInfo, at: number) => void
  /** Whether kernels take as many elements of a tensor as its handle's shape says, and so its first rows without a copy. */
  readonly takesPrefixes?: boolean
  /** Makes sure, at once or by a check, that ids are inside 0..size-1. */
  readonly within: (kernels: Kernels, op: string, ids: TensorInfo, size: number) => void
}
