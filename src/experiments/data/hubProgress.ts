import { Clock, Effect } from "effect"
import { Screens } from "../../core/run/index.ts"

/** Milliseconds between two lines: where a line can be drawn over, and in a log. */
const EVERY = { redraw: 200, log: 10_000 } as const

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

/** Shows how far a download is, on the screen of this run. */
export const downloadProgress = (path: string, total: number, quiet: boolean) =>
  Effect.gen(function* () {
    const screen = yield* Screens.CurrentScreen
    const started = yield* Clock.currentTimeMillis
    let shown = started
    let drawn = false
    const line = (received: number) => `${path}: ${megabytes(received)} of ${megabytes(total)}`
    return {
      received: (bytes: number): Effect.Effect<void> =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          if (quiet || now - shown < (screen.redraw ? EVERY.redraw : EVERY.log)) return
          shown = now
          drawn = screen.redraw
          yield* screen.write(
            screen.redraw ? `\r${line(bytes).slice(0, screen.columns() - 1)}\u001b[K` : `${line(bytes)}\n`
          )
        }),
      /** Clears a drawn line. */
      done: Effect.suspend(() => (drawn ? screen.write("\r\u001b[K") : Effect.void))
    }
  })
