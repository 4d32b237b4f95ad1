import { Worker } from "node:worker_threads"
import { Data, Effect, Layer, Semaphore } from "effect"
import { type Outcome, Outcomes } from "../../core/data/index.ts"
import { FormulaEquality } from "../../core/text/index.ts"
import type { Question, Reply } from "./protocol.ts"

/** The engine for formulas is not installed, or does not start. */
export class FormulaEngineMissing extends Data.TaggedError("FormulaEngineMissing")<{ readonly reason: string }> {
  override get message(): string {
    return `Formulas cannot be compared: ${this.reason}. Install the engine: npm install @cortex-js/compute-engine, or check answers without it.`
  }
}

/** The worker's file, as TypeScript in the source tree and as JavaScript in the built package. */
const workerFile = new URL(
  import.meta.url.endsWith(".ts") ? "./formulaWorker.ts" : "./formulaWorker.js",
  import.meta.url
)

export interface FormulaOptions {
  /** Milliseconds after which a comparison is given up, default 2000. */
  readonly deadline?: number
  /** Another worker that speaks the same protocol. */
  readonly worker?: URL
}

/** Memory of the worker; a formula that needs more is given up. */
const MEBIBYTES = 512

const ready = (file: URL): Effect.Effect<Worker, FormulaEngineMissing> =>
  Effect.callback((resume) => {
    const worker = new Worker(file, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: MEBIBYTES } })
    const failed = (reason: string) => resume(Effect.fail(new FormulaEngineMissing({ reason })))
    worker.once("error", (error) => failed(error instanceof Error ? error.message : String(error)))
    worker.once("message", (reply: Reply) => {
      // A process may end while the worker waits.
      worker.unref()
      if (reply._tag !== "Missing") return resume(Effect.succeed(worker))
      void worker.terminate()
      return failed(reply.reason)
    })
    return Effect.promise(() => worker.terminate())
  })

const failure = Outcomes.unverifiable("the engine for formulas failed")

const ask = (worker: Worker, question: Question): Effect.Effect<Outcome> =>
  Effect.callback((resume) => {
    const stop = () => void worker.off("message", answered).off("error", failed)
    const end = (outcome: Outcome) => {
      stop()
      resume(Effect.succeed(outcome))
    }
    const answered = (reply: Reply) => end(reply._tag === "Decided" ? reply.outcome : failure)
    const failed = () => end(failure)
    worker.on("message", answered).on("error", failed)
    worker.ref()
    worker.postMessage(question)
    return Effect.sync(stop)
  })

/**
 * Compares formulas in a worker, one at a time. A comparison beyond the deadline is TimedOut: its worker is ended, and
 * the next comparison starts another.
 */
export const layer = ({
  deadline = 2000,
  worker: file = workerFile
}: FormulaOptions = {}): Layer.Layer<FormulaEquality, FormulaEngineMissing> =>
  Layer.effect(
    FormulaEquality,
    Effect.gen(function* () {
      let current: Worker | undefined
      const start = Effect.map(ready(file), (worker) => {
        const gone = () => {
          if (current === worker) current = undefined
        }
        worker.once("error", gone).once("exit", gone)
        current = worker
        return worker
      })
      const end = Effect.suspend(() => {
        const worker = current
        current = undefined
        return worker === undefined ? Effect.void : Effect.promise(() => worker.terminate())
      })
      yield* start
      yield* Effect.addFinalizer(() => end)
      const turn = yield* Semaphore.make(1)
      const compare = (gold: string, prediction: string) =>
        Effect.gen(function* () {
          const worker = current ?? (yield* Effect.orDie(start))
          const outcome = yield* ask(worker, { gold, prediction }).pipe(
            Effect.timeout(deadline),
            Effect.catchTag("TimeoutError", () => Effect.as(end, Outcomes.timedOut(deadline))),
            Effect.onInterrupt(() => end)
          )
          worker.unref()
          return outcome
        }).pipe(turn.withPermits(1))
      return { compare }
    })
  )
