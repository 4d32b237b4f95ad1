import { MessageChannel, Worker } from "node:worker_threads"
import { Effect, type Scope } from "effect"
import { BackendFailure, BadFeed, NonFinite, type RunError } from "../../../core/service/index.ts"
import type { Answer, Answers, Failure, FromEngine, Request, Tensors, ToEngine } from "./protocol.ts"
import type { FromNursery, ToNursery } from "./worker.ts"

/** What each request can fail with. */
interface Errors {
  readonly Write: BackendFailure
  readonly Read: BackendFailure | BadFeed
  readonly Remove: BackendFailure
  readonly Names: BackendFailure
  readonly Drop: BackendFailure
  readonly Compile: BackendFailure | BadFeed
  readonly Run: RunError
  readonly Release: BackendFailure
}

/** The main thread's end of an engine. */
export interface Client {
  /** Sends a request and waits for its answer. The buffers of `transfer` leave this thread. */
  readonly ask: <R extends Request>(
    request: R,
    transfer?: Tensors | Uint8Array<ArrayBuffer>
  ) => Effect.Effect<Answers[R["_tag"]], Errors[R["_tag"]]>
}

/** The worker's own file, as TypeScript in the source tree and as JavaScript in the built package. */
const workerFile = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)

// One a process, as the fact it exists for: see `nurse` in worker.ts.
let nursery: { readonly worker: Worker; readonly ended: Map<number, (reason: string) => void> } | undefined
let engines = 0

const theNursery = () => {
  if (nursery !== undefined) return nursery
  const ended = new Map<number, (reason: string) => void>()
  const worker = new Worker(workerFile, { workerData: { _tag: "Nursery" } })
  const started = { worker, ended }
  const lost = (reason: string) => {
    if (nursery === started) nursery = undefined
    for (const end of ended.values()) end(reason)
    ended.clear()
  }
  worker.on("message", ({ engine, reason }: FromNursery) => {
    ended.get(engine)?.(reason)
    ended.delete(engine)
  })
  worker.on("error", (error) => lost(error instanceof Error ? error.message : String(error)))
  worker.on("exit", () => lost("its thread ended"))
  worker.unref()
  nursery = started
  return started
}

const during: { readonly [T in Request["_tag"]]: BackendFailure["during"] } = {
  Write: "write",
  Read: "read",
  Remove: "write",
  Names: "read",
  Drop: "write",
  Compile: "compile",
  Run: "run",
  Release: "compile"
}

const toError = (backend: string, request: Request, failure: Failure): RunError => {
  switch (failure._tag) {
    case "BadFeed":
      return new BadFeed({ name: failure.name, reason: failure.reason })
    case "NonFinite":
      return new NonFinite({ output: failure.output, value: failure.value })
    case "EngineError":
      return new BackendFailure({ backend, during: during[request._tag], reason: failure.reason })
  }
}

const buffers = (transfer: Tensors | Uint8Array<ArrayBuffer>): ReadonlyArray<ArrayBuffer> =>
  transfer instanceof Uint8Array ? [transfer.buffer] : Object.values(transfer).map((t) => t.data.buffer as ArrayBuffer)

const gone = (reason: string): Answer => ({
  _tag: "Failed",
  failure: { _tag: "EngineError", reason: `the engine is gone: ${reason}` }
})

interface Started extends Client {
  readonly stop: Effect.Effect<void>
}

const start = (backend: string): Effect.Effect<Started, BackendFailure> =>
  Effect.callback((resume) => {
    const engine = engines++
    const { worker, ended } = theNursery()
    const { port1: port, port2 } = new MessageChannel()
    const waiting = new Map<number, (answer: Answer) => void>()
    const stopped: Array<() => void> = []
    let requests = 0
    let end: string | undefined

    const settle = () => (waiting.size === 0 ? port.unref() : port.ref())
    const send = (message: ToNursery, transfer: ReadonlyArray<typeof port2> = []) =>
      worker.postMessage(message, transfer)

    const ask: Client["ask"] = <R extends Request>(request: R, transfer: Tensors | Uint8Array<ArrayBuffer> = {}) =>
      Effect.callback<Answers[R["_tag"]], Errors[R["_tag"]]>((resume) => {
        // The engine answers each request with its own kind of value, or one of its own failures.
        const settled = (answer: Answer) =>
          resume(
            answer._tag === "Done"
              ? Effect.succeed(answer.value as Answers[R["_tag"]])
              : Effect.fail(toError(backend, request, answer.failure) as Errors[R["_tag"]])
          )
        if (end !== undefined) return settled(gone(end))
        const id = requests++
        waiting.set(id, settled)
        settle()
        const message: ToEngine = { id, request }
        port.postMessage(message, buffers(transfer))
      })

    const stop = Effect.callback<void>((resume) => {
      if (end !== undefined) return resume(Effect.void)
      stopped.push(() => {
        worker.unref()
        resume(Effect.void)
      })
      worker.ref()
      send({ _tag: "Stop", engine })
    })

    ended.set(engine, (reason) => {
      end = reason
      port.close()
      for (const answer of waiting.values()) answer(gone(reason))
      waiting.clear()
      for (const done of stopped) done()
      resume(Effect.fail(new BackendFailure({ backend, during: "start", reason })))
    })
    port.on("message", (message: FromEngine) => {
      if (message._tag === "Ready") {
        settle()
        resume(Effect.succeed({ ask, stop }))
        return
      }
      const answer = waiting.get(message.id)
      waiting.delete(message.id)
      settle()
      answer?.(message.answer)
    })
    send({ _tag: "Start", engine, port: port2 }, [port2])
  })

/** Starts an engine on a thread of its own, which ends with the scope. */
export const scoped = (backend: string): Effect.Effect<Client, BackendFailure, Scope.Scope> =>
  Effect.acquireRelease(start(backend), (client) => client.stop)
