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

/** What keeps a device from working, for programs that go on without it, from their last checkpoint on another backend. */
export type DeviceTrouble =
  /** Packages or libraries that the backend needs are not there. */
  | { readonly _tag: "NotInstalled"; readonly missing: ReadonlyArray<string> }
  /** There is no device of the kind; what was asked for one. */
  | { readonly _tag: "NoDevice"; readonly lookedFor: ReadonlyArray<string> }
  /** The device has gone while it was in use, with all memory on it. */
  | { readonly _tag: "Lost" }
  /** One value of a program is larger than the device allows. */
  | { readonly _tag: "TooLarge"; readonly what: string; readonly bytes: number; readonly limit: number }
  /** The device had no room. Bytes that the program needs at once by its cost report, and those that were free, where known. */
  | { readonly _tag: "OutOfMemory"; readonly predictedBytes?: number; readonly availableBytes?: number }

/** The engine refused the program or its inputs, or its device does not work: then `trouble` says how. */
export class BackendFailure extends Data.TaggedError("BackendFailure")<{
  readonly backend: string
  readonly during: "start" | "compile" | "run" | "read" | "write"
  readonly reason: string
  readonly trouble?: DeviceTrouble
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
