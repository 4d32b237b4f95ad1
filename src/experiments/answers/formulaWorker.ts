import { workerData } from "node:worker_threads"
import { equalFormulas } from "./equalFormulas.ts"
import type { Channel, Question, Reply } from "./protocol.ts"

/** A thread of its own, so that a comparison that does not end can be ended. */
const { port, replies }: Channel = workerData

const say = (reply: Reply): void => {
  port.postMessage(reply)
  Atomics.add(replies, 0, 1)
  Atomics.notify(replies, 0)
}

try {
  const { ComputeEngine } = await import("@cortex-js/compute-engine")
  const engine = new ComputeEngine()
  const decided = ({ gold, prediction }: Question): Reply => {
    try {
      return { _tag: "Decided", outcome: equalFormulas(engine, gold, prediction) }
    } catch {
      return { _tag: "Failed" }
    }
  }
  port.on("message", (question: Question) => say(decided(question)))
  say({ _tag: "Ready" })
} catch (error) {
  say({ _tag: "Missing", reason: error instanceof Error ? error.message : String(error) })
}
