import { Clock, Effect } from "effect"
import { Progress, Screens } from "../../core/run/index.ts"

/** Shows how far a work of many chunks is, with its rate and the time left. */
export const watched = Effect.fnUntraced(function* (stage: string, steps: number, done: number) {
  const screen = yield* Screens.CurrentScreen
  const progress = yield* Progress.open({ plan: [{ stage, steps }], screen })
  const now = Clock.currentTimeMillis
  const began = yield* now
  let step = done
  const started = done === 0 ? ("StageStarted" as const) : ("Resumed" as const)
  yield* progress.observe({ _tag: started, stage, step, steps, at: began, seconds: 0 })
  return {
    note: progress.note,
    /** Takes the time of one chunk, after which so many rows are done. */
    chunk: <A, E, R>(work: Effect.Effect<A, E, R>, rows: (result: A) => number) =>
      Effect.gen(function* () {
        const from = yield* now
        const result = yield* work
        const at = yield* now
        step += 1
        const seconds = (at - from) / 1000
        const rate = rows(result) / Math.max(seconds, 1e-3)
        yield* progress.observe({ _tag: "Step", stage, step, at, seconds, metrics: { rows_per_second: rate } })
        return result
      }),
    finish: Effect.flatMap(now, (at) =>
      progress.observe({ _tag: "StageFinished", stage, step, at, seconds: (at - began) / 1000, skipped: step === done })
    )
  }
})
