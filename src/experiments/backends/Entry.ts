import type { Layer } from "effect"
import type { Rehearsal } from "../../backends/onnx/index.ts"
import type { Precision } from "../../core/laws/index.ts"
import type { Backend, BackendFailure } from "../../core/service/index.ts"

/** What the command line may say of a backend. */
export interface BackendOptions {
  /** Threads of one run; the backend's choice where `undefined`. */
  readonly threads: number | undefined
}

/**
 * How the memory of a run is foreseen. `Rehearsed`: by a stand-in that compiles what the backend would, runs nothing, and
 * keeps account. `Counted`: by the cost reports of the programs that the backend compiles, which leave out what its engine
 * holds beside them; tensors are of the process, or of a device that has memory of its own.
 */
export type Foresight =
  | { readonly _tag: "Rehearsed"; readonly load: () => Promise<Layer.Layer<Backend | Rehearsal.Rehearsed>> }
  | { readonly _tag: "Counted"; readonly holder: "process" | "device" }

/** A backend that commands know by name. */
export interface Entry {
  /** As `Backend.name` says it. */
  readonly name: string
  /** What it computes with, and where. */
  readonly runs: string
  /** What keeps results near the reference's. */
  readonly precision: Precision
  readonly foresight: Foresight
  /** Whether the number of threads can be chosen. */
  readonly threads: boolean
  /** Laws that it does not keep, by name, each with the reason. */
  readonly deviations: Readonly<Record<string, string>>
  /** Loads it, with its packages. Fails to start, as a Layer, where they or a device are not there. */
  readonly load: (options: BackendOptions) => Promise<Layer.Layer<Backend, BackendFailure>>
}
