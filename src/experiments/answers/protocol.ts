import type { MessagePort } from "node:worker_threads"
import type { Outcome } from "../../core/data/index.ts"

/** Two formulas in LaTeX to compare. */
export interface Question {
  readonly gold: string
  readonly prediction: string
}

/** What the worker says: that it is ready, why it cannot be, an outcome, or that it has none. */
export type Reply =
  | { readonly _tag: "Ready" }
  | { readonly _tag: "Missing"; readonly reason: string }
  | { readonly _tag: "Decided"; readonly outcome: Outcome }
  | { readonly _tag: "Failed" }

/** What the worker is given: where questions come from and replies go, and the number of replies so far. */
export interface Channel {
  readonly port: MessagePort
  /** Counted up and notified after each reply, for which the asking thread waits. */
  readonly replies: Int32Array<SharedArrayBuffer>
}
