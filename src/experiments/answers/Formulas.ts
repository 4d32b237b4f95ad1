import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads"
import { Data, Effect, Layer, type Scope } from "effect"
import { Outcomes } from "../../core/data/index.ts"
import { type FormulaComparison, FormulaEquality } from "../../core/text/index.ts"
import type { Channel, Question, Reply } from "./protocol.ts"

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
/** Milliseconds within which an engine starts, or does not. */
const STARTING = 30_000

/** A worker at the other end of a channel, and the number of its replies that were read. */
interface Engine {
  readonly worker: Worker
  readonly port: MessagePort
  readonly replies: Int32Array<SharedArrayBuffer>
  read: number
}

const launch = (file: URL): Engine => {
  const { port1: port, port2 } = new MessageChannel()
  const replies = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(file, {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MEBIBYTES },
    workerData: { port: port2, replies } satisfies Channel,
    transferList: [port2]
  })
  // Its end is seen as a reply that does not come.
  worker.on("error", () => {})
  // A process may end while the worker waits.
  worker.unref()
  return { worker, port, replies, read: 0 }
}

/** The next reply, for which this thread stands still; undefined where none comes in time. */
const awaited = (engine: Engine, milliseconds: number): Reply | undefined => {
  if (Atomics.wait(engine.replies, 0, engine.read, milliseconds) === "timed-out") return undefined
  engine.read += 1
  return receiveMessageOnPort(engine.port)?.message as Reply
}

const missing = (reason: string) => new FormulaEngineMissing({ reason })

const start = (file: URL): Effect.Effect<Engine, FormulaEngineMissing> =>
  Effect.suspend(() => {
    const engine = launch(file)
    const reply = awaited(engine, STARTING)
    if (reply?._tag === "Ready") return Effect.succeed(engine)
    void engine.worker.terminate()
    return Effect.fail(missing(reply?._tag === "Missing" ? reply.reason : "its worker does not start"))
  })

/**
 * Compares formulas in a worker, while the thread that asks stands still: so checks of answers are plain functions. A
 * comparison beyond the deadline is TimedOut: its worker is ended, and the next comparison starts another.
 */
export const compareFormulas = ({
  deadline = 2000,
  worker: file = workerFile
}: FormulaOptions = {}): Effect.Effect<FormulaComparison, FormulaEngineMissing, Scope.Scope> =>
  Effect.gen(function* () {
    let current: Engine | undefined = yield* start(file)
    let closed = false
    const end = Effect.promise(async () => {
      closed = true
      await current?.worker.terminate()
    })
    yield* Effect.addFinalizer(() => end)
    return (gold, prediction) => {
      if (closed) return Outcomes.unverifiable("the engine for formulas was closed")
      current ??= Effect.runSync(Effect.orDie(start(file)))
      current.port.postMessage({ gold, prediction } satisfies Question)
      const reply = awaited(current, deadline)
      if (reply?._tag === "Decided") return reply.outcome
      void current.worker.terminate()
      current = undefined
      return reply === undefined ? Outcomes.timedOut(deadline) : Outcomes.unverifiable("the engine for formulas failed")
    }
  })

/** `compareFormulas` as a service. */
export const layer = (options?: FormulaOptions): Layer.Layer<FormulaEquality, FormulaEngineMissing> =>
  Layer.effect(
    FormulaEquality,
    Effect.map(compareFormulas(options), (compare) => ({ compare }))
  )
