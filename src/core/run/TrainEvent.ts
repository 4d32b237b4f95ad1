import type { Effect } from "effect"
import type { StopSignalName } from "./errors.ts"
import type { Metrics } from "./Stage.ts"

/** Fields that every event has. `step` counts finished steps, so the first step logs 1; `at` is wall time in ms since 1970. */
interface At {
  readonly stage: string
  readonly step: number
  readonly at: number
}

/** A stage begins at step 0. */
export interface StageStarted extends At {
  readonly _tag: "StageStarted"
  readonly steps: number
}

/** A stage goes on from a checkpoint; `seconds` is the time its earlier sessions took. */
export interface Resumed extends At {
  readonly _tag: "Resumed"
  readonly steps: number
  readonly seconds: number
}

/** One step was applied, in `seconds`. */
export interface StepDone extends At {
  readonly _tag: "Step"
  readonly metrics: Metrics
  readonly seconds: number
}

/** A checkpoint of `bytes` is durable at `path`, written in `seconds`. */
export interface Checkpointed extends At {
  readonly _tag: "Checkpointed"
  readonly path: string
  readonly bytes: number
  readonly seconds: number
}

/** All steps are done and saved; `seconds` is the time over all sessions. `skipped` when an earlier session finished it. */
export interface StageFinished extends At {
  readonly _tag: "StageFinished"
  readonly seconds: number
  readonly skipped: boolean
}

/** The stage ends with a typed error or a defect; the last checkpoint stays good. */
export interface StageFailed extends At {
  readonly _tag: "StageFailed"
  readonly error: string
  readonly message: string
}

/** A stop was asked for and the stage is saved; the stream fails with `Interrupted` next. */
export interface Stopped extends At {
  readonly _tag: "Stopped"
  readonly signal: StopSignalName
}

/** Something that a person should know and that did not stop the run. */
export interface Warning extends At {
  readonly _tag: "Warning"
  readonly message: string
}

/** What a running stage tells; training is a stream of these, and everything that shows or keeps it is a consumer. */
export type TrainEvent =
  | StageStarted
  | Resumed
  | StepDone
  | Checkpointed
  | StageFinished
  | StageFailed
  | Stopped
  | Warning

/** A consumer of the one stream, e.g. a progress display or a TensorBoard file. */
export type Observer<E = never, R = never> = (event: TrainEvent) => Effect.Effect<void, E, R>
