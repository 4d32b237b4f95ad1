import { Data } from "effect"

/** The backend has no kernel for an operation of the program. */
export class UnsupportedOp extends Data.TaggedError("UnsupportedOp")<{
  readonly backend: string
  readonly op: string
  readonly node: number
}> {
  override get message(): string {
    return `${this.backend} cannot run ${this.op} (node %${this.node}). Lower the program first, or choose another backend.`
  }
}

/** The engine refused the program or its inputs. */
export class BackendFailure extends Data.TaggedError("BackendFailure")<{
  readonly backend: string
  readonly during: "start" | "compile" | "run" | "read" | "write"
  readonly reason: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.backend} failed to ${this.during}: ${this.reason}`
  }
}

/** Feeds or memory that do not fit the program: a name, a dtype or a shape. */
export class BadFeed extends Data.TaggedError("BadFeed")<{ readonly name: string; readonly reason: string }> {
  override get message(): string {
    return `Feed "${this.name}": ${this.reason}`
  }
}

/** A guarded output holds NaN or an infinity; nothing was carried. */
export class NonFinite extends Data.TaggedError("NonFinite")<{ readonly output: string; readonly value: number }> {
  override get message(): string {
    return `Output "${this.output}" is ${this.value}; the step was not applied. Lower the learning rate, or look at the data of this batch.`
  }
}

/** Everything that running a program can fail with. */
export type RunError = BackendFailure | BadFeed | NonFinite
