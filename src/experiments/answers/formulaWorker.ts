import { parentPort } from "node:worker_threads"
import { equalFormulas } from "./equalFormulas.ts"
import type { Question, Reply } from "./protocol.ts"

/** A thread of its own, so that a comparison that does not end can be ended. */
const say = (reply: Reply): void => parentPort?.postMessage(reply)

try {
  const { ComputeEngine } = await import("@cortex-js/compute-engine")
  const engine = new ComputeEngine()
  parentPort?.on("message", ({ gold, prediction }: Question) =>
    say({ _tag: "Decided", outcome: equalFormulas(engine, gold, prediction) })
  )
  say({ _tag: "Ready" })
} catch (error) {
  say({ _tag: "Missing", reason: error instanceof Error ? error.message : String(error) })
}
