import { type MessagePort, parentPort, Worker, workerData } from "node:worker_threads"
import ort from "onnxruntime-node"
import { encode } from "../OnnxModel.ts"
import { make } from "./Engine.ts"
import { EngineFailure } from "./Memory.ts"
import type { Answer, FromEngine, Tensors, ToEngine } from "./protocol.ts"

/** How this thread was started: as an engine that answers on a port, or as the nursery that starts engines. */
type Role = { readonly _tag: "Engine"; readonly port: MessagePort } | { readonly _tag: "Nursery" }

/** Asks the nursery for an engine on a port, or for its end. */
export type ToNursery =
  | { readonly _tag: "Start"; readonly engine: number; readonly port: MessagePort }
  | { readonly _tag: "Stop"; readonly engine: number }

/** The end of an engine, with the reason when it was not asked for. */
export interface FromNursery {
  readonly engine: number
  readonly reason: string
}

const failure = (error: unknown): Answer => ({
  _tag: "Failed",
  failure:
    error instanceof EngineFailure
      ? error.failure
      : { _tag: "EngineError", reason: error instanceof Error ? error.message : String(error) }
})

const buffers = (tensors: Tensors): ReadonlyArray<ArrayBuffer> =>
  Object.values(tensors).map((t) => t.data.buffer as ArrayBuffer)

/** Answers requests one after another, in order of arrival. */
const serve = (port: MessagePort): void => {
  const engine = make()
  let last: Promise<void> = Promise.resolve()
  const post = (message: FromEngine, transfer: ReadonlyArray<ArrayBuffer> = []) => port.postMessage(message, transfer)
  port.on("message", ({ id, request }: ToEngine) => {
    last = last.then(() =>
      engine.handle(request).then(
        (value) => {
          const tensors = request._tag === "Run" || request._tag === "Read" ? (value as Tensors) : {}
          post({ _tag: "Answer", id, answer: { _tag: "Done", value } }, buffers(tensors))
        },
        (error) => post({ _tag: "Answer", id, answer: failure(error) })
      )
    )
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
  const engines = new Map<number, Worker>()
  parentPort!.on("message", (message: ToNursery) => {
    if (message._tag === "Stop") {
      void engines.get(message.engine)?.terminate()
      return
    }
    const { engine, port } = message
    const role: Role = { _tag: "Engine", port }
    const worker = new Worker(new URL(import.meta.url), { workerData: role, transferList: [port] })
    let reason = "its thread ended"
    engines.set(engine, worker)
    worker.on("error", (error) => {
      reason = error instanceof Error ? error.message : String(error)
    })
    worker.on("exit", () => {
      engines.delete(engine)
      const end: FromNursery = { engine, reason }
      parentPort!.postMessage(end)
    })
  })
}

const role = workerData as Role
if (role._tag === "Engine") serve(role.port)
else await nurse()
