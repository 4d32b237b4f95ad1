import { MessageChannel, type MessagePort, Worker } from "node:worker_threads"
import { Effect, type Scope } from "effect"
import type { InferenceSession } from "onnxruntime-common"
import { BackendFailure } from "../../../core/service/index.ts"
import { gone } from "./answer.ts"
import { type Client, toEffect } from "./Client.ts"
import { type Answer, type Flags, type FromEngine, flag, type Tensors, type ToEngine } from "./protocol.ts"
import type { FromNursery, Role, ToNursery } from "./worker.ts"

/**
 * The worker's own file, as TypeScript in the source tree and as JavaScript in the built package. It is started
 * without this process's Node options, some of which (`--eval`, `--import`) are for this thread alone.
 */
const workerFile = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url)

/** What sort of engine is wanted. */
export interface Kind {
  /** Whether subnormal floats count as zero on its thread. */
  readonly flushes: boolean
  /** Where memory is to stay on a device: the options of its sessions. */
  readonly device?: InferenceSession.SessionOptions
}

/** Told of the end of an engine. */
type Ended = (reason: string) => void

interface Nursery {
  readonly worker: Worker
  readonly ended: Map<number, Ended>
  /** Resolves when engines may start. */
  readonly ready: Promise<void>
}

// One a process, as the fact it exists for: see `nurse` in worker.ts.
let nursery: Nursery | undefined
let engines = 0

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const theNursery = (): Nursery => {
  if (nursery !== undefined) return nursery
  const ended = new Map<number, Ended>()
  const role: Role = { _tag: "Nursery" }
  const worker = new Worker(workerFile, { workerData: role, execArgv: [] })
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  const started: Nursery = { worker, ended, ready }
  const lost = (reason: string) => {
    if (nursery === started) nursery = undefined
    reject(new Error(reason))
    for (const end of ended.values()) end(reason)
    ended.clear()
  }
  ready.then(
    () => worker.unref(),
    () => undefined
  )
  worker.on("message", (message: FromNursery) => {
    if (message._tag === "Ready") return resolve()
    ended.get(message.engine)?.(message.reason)
    ended.delete(message.engine)
  })
  worker.on("error", (error) => lost(messageOf(error)))
  worker.on("exit", () => lost("its thread ended"))
  nursery = started
  return started
}

/** The engines that live. A process that exits lets each finish what it does in ONNX Runtime, and begin nothing more. */
const living = new Set<Flags>()

const settle = (): void => {
  for (const flags of living) Atomics.store(flags, flag.stop, 1)
  for (const flags of living) Atomics.wait(flags, flag.busy, 1, 60_000)
}

/** Starts an engine's thread: from the nursery where it flushes subnormals, else from this thread, which does not. */
const launch = ({ flushes, device }: Kind, port: MessagePort, flags: Flags, end: Ended): void => {
  const { worker, ended, ready } = theNursery()
  ready.then(
    () => {
      if (flushes) {
        const engine = engines++
        ended.set(engine, end)
        const message: ToNursery = { engine, port, flags, ...(device === undefined ? {} : { device }) }
        worker.postMessage(message, [port])
        return
      }
      const role: Role = { _tag: "Engine", port, flags, ...(device === undefined ? {} : { device }) }
      const own = new Worker(workerFile, { workerData: role, transferList: [port], execArgv: [] })
      let reason = "its thread ended"
      own.on("error", (error) => {
        reason = messageOf(error)
      })
      own.on("exit", () => end(reason))
      own.unref()
    },
    (error) => end(messageOf(error))
  )
}

const buffers = (transfer: Tensors | Uint8Array<ArrayBuffer>): ReadonlyArray<ArrayBuffer> =>
  transfer instanceof Uint8Array ? [transfer.buffer] : Object.values(transfer).map((t) => t.data.buffer as ArrayBuffer)

interface Started extends Client {
  readonly alive: () => boolean
  readonly stop: Effect.Effect<void>
}

const start = (backend: string, kind: Kind): Effect.Effect<Started, BackendFailure> =>
  Effect.callback((resume) => {
    const { port1: port, port2 } = new MessageChannel()
    const flags: Flags = new Int32Array(new SharedArrayBuffer(8))
    const waiting = new Map<number, (answer: Answer) => void>()
    const stopped: Array<() => void> = []
    let requests = 0
    let end: string | undefined

    // The port keeps this process alive as long as an answer is due.
    const settled = () => (waiting.size === 0 ? port.unref() : port.ref())
    const send = (message: ToEngine, transfer: ReadonlyArray<ArrayBuffer> = []) => port.postMessage(message, transfer)

    const ask: Client["ask"] = (request, transfer = {}) =>
      Effect.callback((resume) => {
        const answered = (answer: Answer) => resume(toEffect(backend, request, answer))
        if (end !== undefined) return answered(gone(end))
        const id = requests++
        waiting.set(id, answered)
        settled()
        send({ _tag: "Ask", id, request }, buffers(transfer))
      })

    const stop = Effect.callback<void>((resume) => {
      if (end !== undefined) return resume(Effect.void)
      // Nothing else keeps this process alive until the thread has ended.
      const alive = setInterval(() => undefined, 2 ** 30)
      stopped.push(() => {
        clearInterval(alive)
        resume(Effect.void)
      })
      Atomics.store(flags, flag.stop, 1)
      send({ _tag: "Stop" })
    })

    living.add(flags)
    if (living.size === 1) process.on("exit", settle)
    launch(kind, port2, flags, (reason) => {
      end = reason
      living.delete(flags)
      if (living.size === 0) process.off("exit", settle)
      port.close()
      for (const answer of waiting.values()) answer(gone(reason))
      waiting.clear()
      for (const done of stopped) done()
      resume(Effect.fail(new BackendFailure({ backend, during: "start", reason })))
    })
    port.on("message", (message: FromEngine) => {
      if (message._tag === "Ready") {
        settled()
        resume(Effect.succeed({ ask, stop, alive: () => end === undefined }))
        return
      }
      const answer = waiting.get(message.id)
      waiting.delete(message.id)
      settled()
      answer?.(message.answer)
    })
  })

/** Starts an engine on a thread of its own, which ends with the scope, after what it is doing then. */
export const engine = (backend: string, kind: Kind): Effect.Effect<Client, BackendFailure, Scope.Scope> =>
  Effect.acquireRelease(start(backend, kind), (client) => client.stop)

interface Shared {
  readonly started: Effect.Effect<Started, BackendFailure>
  users: number
  ended: () => boolean
}

// One a process, as the device that it computes on.
let shared: Shared | undefined

const share = (backend: string, kind: Kind): Shared => {
  if (shared !== undefined && !shared.ended()) return shared
  let client: Started | undefined
  const note = (one: Started): void => {
    client = one
  }
  const started = Effect.runSync(Effect.cached(Effect.tap(start(backend, kind), (one) => Effect.sync(() => note(one)))))
  shared = { started, users: 0, ended: () => client?.alive() === false }
  return shared
}

/** The engine of this process for a device that only one thread may use: it ends with the last scope that uses it. */
export const sharedEngine = (backend: string, kind: Kind): Effect.Effect<Client, BackendFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const mine = share(backend, kind)
    mine.users += 1
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        mine.users -= 1
        if (mine.users > 0) return Effect.void
        if (shared === mine) shared = undefined
        return Effect.ignore(Effect.flatMap(mine.started, (client) => client.stop))
      })
    )
    return yield* mine.started
  })
