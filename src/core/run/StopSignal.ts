import { Context, Effect, type Scope } from "effect"
import type { StopSignalName } from "./errors.ts"

/** Whether somebody asked the run to stop. Without one provided, nobody ever does. */
export interface StopSignal {
  /** The signal that asked, if any. */
  readonly requested: Effect.Effect<StopSignalName | undefined>
  /** While the scope is open a request is answered in good order: by finishing the step and saving. */
  readonly listen: Effect.Effect<void, never, Scope.Scope>
}

/** The stop signal of this run; a default that never fires, replaced by the command line. */
export const StopSignal: Context.Reference<StopSignal> = Context.Reference<StopSignal>("rewardflow/StopSignal", {
  defaultValue: () => ({ requested: Effect.succeed(undefined), listen: Effect.void })
})

/** A stop signal and the two ends that a signal handler needs. */
export interface StopControl {
  readonly signal: StopSignal
  /** Asks to stop; the first request stays. */
  readonly request: (name: StopSignalName) => void
  /** Whether a running stage will answer the request. */
  readonly listening: () => boolean
}

/** Makes a stop signal with its handler's ends. */
export const make = (): StopControl => {
  let requested: StopSignalName | undefined
  let listeners = 0
  return {
    signal: {
      requested: Effect.sync(() => requested),
      listen: Effect.acquireRelease(
        Effect.sync(() => void listeners++),
        () => Effect.sync(() => void listeners--)
      )
    },
    request: (name) => {
      requested ??= name
    },
    listening: () => listeners > 0
  }
}
