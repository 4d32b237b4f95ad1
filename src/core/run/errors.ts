import { Data, Runtime } from "effect"
import type { PlatformError } from "effect/PlatformError"

/** The directory already holds a run, and neither `resume` nor `overwrite` was asked for. */
export class RunExists extends Data.TaggedError("RunExists")<{ readonly path: string; readonly finished: boolean }> {
  override get message(): string {
    const state = this.finished ? "a finished run" : "an unfinished run"
    const fix = this.finished
      ? "Choose another directory, or --overwrite to replace it"
      : "Continue it with --resume, choose another directory, or --overwrite to replace it"
    return `${this.path} holds ${state}. ${fix}.`
  }
}

/** The directory holds files that are not of a run; they are never touched, not even by `overwrite`. */
export class ForeignDirectory extends Data.TaggedError("ForeignDirectory")<{
  readonly path: string
  readonly entries: ReadonlyArray<string>
}> {
  override get message(): string {
    const shown = this.entries.slice(0, 3).join(", ") + (this.entries.length > 3 ? ", ..." : "")
    return `${this.path} holds files that are not of a run (${shown}). Choose another directory, or empty this one yourself.`
  }
}

/** One key that a resumed run would change; `undefined` where a side lacks it. */
export interface ConfigDifference {
  readonly key: string
  readonly before: unknown
  readonly now: unknown
}

const shown = (value: unknown): string => (value === undefined ? "absent" : JSON.stringify(value))

/** The run was started with another configuration or other input files. */
export class ConfigMismatch extends Data.TaggedError("ConfigMismatch")<{
  readonly path: string
  readonly differences: ReadonlyArray<ConfigDifference>
}> {
  override get message(): string {
    const lines = this.differences.map(({ key, before, now }) => `  ${key}: was ${shown(before)}, now ${shown(now)}`)
    return [
      `${this.path}/config.yaml differs from what was asked for; a resumed run must keep its configuration:`,
      ...lines,
      "Give the former values, choose another directory, or --overwrite to start anew."
    ].join("\n")
  }
}

/** A file of the run cannot be understood. */
export class CorruptRun extends Data.TaggedError("CorruptRun")<{ readonly path: string; readonly reason: string }> {
  override get message(): string {
    return `${this.path}: ${this.reason}. Choose another directory, or remove this one yourself.`
  }
}

const inMiB = (bytes: number): string =>
  bytes < 2 ** 20 ? `${bytes} bytes` : `${(bytes / 2 ** 20).toFixed(1)} MiB (${bytes} bytes)`

/** Writing failed, e.g. because the disk is full; what was durable before is untouched. */
export class WriteFailed extends Data.TaggedError("WriteFailed")<{
  readonly path: string
  /** The system's code where it gave one: `ENOSPC`, `EACCES`, ... */
  readonly code: string
  /** Bytes that this write needed in all. */
  readonly neededBytes: number
  readonly cause?: PlatformError
}> {
  override get message(): string {
    const what =
      this.code === "ENOSPC" || this.code === "EDQUOT"
        ? `no space left: ${inMiB(this.neededBytes)} needed. Free space`
        : `${this.code} while writing ${inMiB(this.neededBytes)}. Check the directory and its permissions`
    return `${this.path}: ${what}, then --resume; earlier checkpoints are intact.`
  }
}

/** Reading a file of the run failed. */
export class ReadFailed extends Data.TaggedError("ReadFailed")<{
  readonly path: string
  readonly code: string
  readonly cause?: PlatformError
}> {
  override get message(): string {
    return `${this.path}: ${this.code} while reading. Check the file and its permissions.`
  }
}

/** A value to be saved as JSON that JSON would not give back, e.g. NaN in the state of a stage. */
export class UnfitJson extends Data.TaggedError("UnfitJson")<{
  /** What was to be saved: a stage, an artifact, the configuration. */
  readonly what: string
  readonly key: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.what} cannot be saved: ${this.key} ${this.reason}. Keep such numbers in tensors, or write null.`
  }
}

/** The signals that end a run in good order. */
export type StopSignalName = "SIGINT" | "SIGTERM"

/** The user asked to stop: the present step was finished and saved. */
export class Interrupted extends Data.TaggedError("Interrupted")<{
  readonly stage: string
  readonly step: number
  readonly steps: number
  readonly path: string
  readonly signal: StopSignalName
}> {
  /** 128 + the number of the signal, as shells do. */
  override readonly [Runtime.errorExitCode] = this.signal === "SIGINT" ? 130 : 143
  override get message(): string {
    return `Stopped in stage ${this.stage} after step ${this.step} of ${this.steps}, saved in ${this.path}. Continue with --resume.`
  }
}

/** Everything that a run directory can fail with. */
export type RunDirectoryError =
  | RunExists
  | ForeignDirectory
  | ConfigMismatch
  | CorruptRun
  | WriteFailed
  | ReadFailed
  | UnfitJson
  | Interrupted

/** The system's error code inside a platform error: `ENOSPC`, `ENOENT`, ... */
export const systemCode = (error: PlatformError): string => {
  const cause = error.reason.cause
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined
  return typeof code === "string" ? code : error.reason._tag
}
