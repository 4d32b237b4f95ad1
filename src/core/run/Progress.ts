import { Clock, Effect, type Scope } from "effect"
import { initial, next, type PlannedStage } from "./ProgressState.ts"
import { clock, progressLine, progressLines } from "./progressLines.ts"
import { type Screen, styled } from "./Screen.ts"
import type { Observer, TrainEvent } from "./TrainEvent.ts"

/** A display of the run as a whole and of the stage under way. */
export interface Progress {
  /** Shows what an event changes; fits `Stream.tap`. */
  readonly observe: Observer
  /** Shows a line that stays, above the bars. */
  readonly note: (text: string) => Effect.Effect<void>
}

export interface ProgressOptions {
  readonly plan: ReadonlyArray<PlannedStage>
  readonly screen: Screen
  /** Time between two drawings on a terminal, 100 ms by default. */
  readonly redrawMs?: number
  /** Time between two lines in a log, 10 s by default. */
  readonly lineMs?: number
}

const lasting = (event: TrainEvent, screen: Screen): string | undefined => {
  const where = `${event.stage}: `
  switch (event._tag) {
    case "StageStarted":
      return screen.redraw ? undefined : `${where}started, ${event.steps} steps`
    case "Resumed":
      return `${where}resumed after step ${event.step} of ${event.steps}`
    case "StageFinished":
      return event.skipped
        ? `${styled(screen, "green", "✓")} ${event.stage}  finished earlier`
        : `${styled(screen, "green", "✓")} ${event.stage}  ${event.step} steps in ${clock(event.seconds)}`
    case "StageFailed":
      return `${styled(screen, "red", "✗")} ${event.stage}  failed after step ${event.step} (${event.error})`
    case "Stopped":
      return `${where}stopped after step ${event.step} and saved`
    case "Warning":
      return `${styled(screen, "yellow", "warning")} ${where}${event.message}`
    default:
      return undefined
  }
}

/**
 * Opens a display, one for all stages of a run. On a terminal two bars are drawn over and over; elsewhere a line
 * is written at intervals. Closing the scope removes the bars and leaves the lines.
 */
export const open = (options: ProgressOptions): Effect.Effect<Progress, never, Scope.Scope> => {
  const { screen, redrawMs = 100, lineMs = 10_000 } = options
  let state = initial(options.plan)
  let drawn = 0
  let shownAt = Number.NEGATIVE_INFINITY
  const erased = (): string => {
    const up = drawn === 0 ? "" : `\u001b[${drawn}A\r\u001b[0J`
    drawn = 0
    return up
  }
  const bars = (): string => {
    const lines = progressLines(state, screen, screen.columns())
    drawn = lines.length
    return lines.map((line) => `${line}\n`).join("")
  }
  const note = (text: string) =>
    Effect.suspend(() => screen.write(screen.redraw ? `${erased()}${text}\n${bars()}` : `${text}\n`))
  const observe: Observer = (event) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      state = next(state, event)
      const line = lasting(event, screen)
      if (line !== undefined) {
        if (!screen.redraw) shownAt = now
        return yield* note(line)
      }
      if (now - shownAt < (screen.redraw ? redrawMs : lineMs)) return
      shownAt = now
      yield* screen.write(screen.redraw ? erased() + bars() : `${progressLine(state)}\n`)
    })
  return Effect.acquireRelease(Effect.succeed({ observe, note }), () =>
    Effect.suspend(() => (screen.redraw && drawn > 0 ? screen.write(erased()) : Effect.void))
  )
}
