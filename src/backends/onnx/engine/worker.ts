import { type MessagePort, parentPort, Worker, workerData } from "node:worker_threads"
import type { InferenceSession } from "onnxruntime-common"
import ort from "onnxruntime-node"
import { encode } from "../OnnxModel.ts"
import { answer, failed } from "./answer.ts"
import { onDevice } from "./device/onDevice.ts"
import { make } from "./Engine.ts"
import { onHost } from "./onHost.ts"
import {
  type Answer,
  type Flags,
  type FromEngine,
  flag,
  type Request,
  type Tensors,
  type ToEngine
} from "./protocol.ts"

/** What an engine starts with. */
interface Opening {
  readonly port: MessagePort
  readonly flags: Flags
  /** Where memory is to stay on a device: the options of its sessions. */
  readonly device?: InferenceSession.SessionOptions
}

/** How this thread was started: as an engine that answers on a port, or as the nursery that starts engines. */
export type Role = ({ readonly _tag: "Engine" } & Opening) | { readonly _tag: "Nursery" }

/** Asks the nursery for an engine on a port. */
export interface ToNursery extends Opening {
  readonly engine: number
}

/** That the nursery is ready, or the end of an engine, with the reason. */
export type FromNursery =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Ended"; readonly engine: number; readonly reason: string }

/** Buffers of the tensors that an answer carries, to be handed over. */
const buffers = (request: Request, answered: Answer): ReadonlyArray<ArrayBuffer> =>
  answered._tag === "Done" && (request._tag === "Run" || request._tag === "Read")
    ? Object.values(answered.value as Tensors).map((t) => t.data.buffer as ArrayBuffer)
    : []

/** Answers requests one after another, in order of arrival, until it is asked to stop. */
const serve = ({ port, flags, device }: Opening): void => {
  const engine = device === undefined ? make(onHost(ort)) : make(onDevice(ort, device))
  let last: Promise<void> = Promise.resolve()
  const post = (message: FromEngine, transfer: ReadonlyArray<ArrayBuffer> = []) => port.postMessage(message, transfer)
  const reply = async (id: number, request: Request): Promise<void> => {
    if (Atomics.load(flags, flag.stop) === 1) {
      return post({ _tag: "Answer", id, answer: failed("the engine is stopping.") })
    }
    Atomics.store(flags, flag.busy, 1)
    const answered = await answer(engine, request)
    post({ _tag: "Answer", id, answer: answered }, buffers(request, answered))
    Atomics.store(flags, flag.busy, 0)
    Atomics.notify(flags, flag.busy)
  }
  port.on("message", (message: ToEngine) => {
    last = last.then(() => (message._tag === "Stop" ? port.close() : reply(message.id, message.request)))
  })
  post({ _tag: "Ready" })
}

/**
 * ONNX Runtime sets flush-to-zero on the thread that creates the first session of the process, and never
 * again; threads started from that one inherit it. So one idle thread creates the first session, and
 * every engine starts from there: all engines compute alike, and the main thread keeps its subnormals.
 */
const nurse = async (): Promise<void> => {
  const unit = { type: "float32" as const, shape: [1] }
  const identity = encode({
    nodes: [{ opType: "Identity", domain: "", name: "", inputs: ["x"], outputs: ["y"], attributes: {} }],
    initializers: [],
    inputs: [{ name: "x", ...unit }],
    outputs: [{ name: "y", ...unit }]
  })
  const first = await ort.InferenceSession.create(identity, {
    intraOpNumThreads: 1,
    extra: { session: { set_denormal_as_zero: "1" } }
  })
  await first.release()
  parentPort!.on("message", ({ engine, ...opening }: ToNursery) => {
    const role: Role = { _tag: "Engine", ...opening }
    const worker = new Worker(new URL(import.meta.url), {
      workerData: role,
      transferList: [opening.port],
      execArgv: []
    })
    let reason = "its thread ended"
    worker.on("error", (error) => {
      reason = error instanceof Error ? error.message : String(error)
    })
    worker.on("exit", () => {
      const end: FromNursery = { _tag: "Ended", engine, reason }
      parentPort!.postMessage(end)
    })
  })
  const ready: FromNursery = { _tag: "Ready" }
  parentPort!.postMessage(ready)
}

const role = workerData as Role
if (role._tag === "Engine") serve(role)
else await nurse()
