import type { Effect } from "effect"
import type { Tensor } from "../tensor/index.ts"

/** A JSON value: what a state or an event may hold beside tensors. */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** Numbers logged by one step, by metric name; `null` where a metric is not defined at this step. */
export type Metrics = Readonly<Record<string, number | null>>

/** Everything that a stage needs to go on bit for bit: tensors and a JSON state. */
export interface Snapshot {
  readonly tensors: Readonly<Record<string, Tensor>>
  readonly state: Json
}

/**
 * A resumable piece of work: a fixed number of steps over a state that can be saved and put back.
 *
 * Step `i` may depend on the state and on `i` alone: no clock, no random source but one derived from the seed
 * and `i`, so that a run that was killed and resumed equals one that was not.
 */
export interface Stage<E, R> {
  /** Folder of the stage in the run directory, and its name in events, e.g. `sft`, `airl-stepwise`. */
  readonly name: string
  readonly steps: number
  /** A checkpoint is written after every so many steps, and after the last. */
  readonly checkpointEvery: number
  /** Brings memory to the state before step 0. */
  readonly start: Effect.Effect<void, E, R>
  readonly step: (index: number) => Effect.Effect<Metrics, E, R>
  readonly save: Effect.Effect<Snapshot, E, R>
  readonly restore: (snapshot: Snapshot) => Effect.Effect<void, E, R>
}
