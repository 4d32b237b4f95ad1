import { Effect, FileSystem, Option } from "effect"
import { readBytes, writeAtomic, writeFailed } from "./DurableFile.ts"
import type { WriteFailed } from "./errors.ts"
import type { RunDirectory } from "./RunDirectory.ts"
import type { TrainEvent } from "./TrainEvent.ts"

/** Steps, one JSON object a line: `{"stage", "step", "seconds", "time", ...metrics}`. */
export const metricsName = "metrics.jsonl"
/** Everything else that happened, one JSON object a line. */
export const eventsName = "events.jsonl"

/** Names that a metric must not have: each line has them already. */
export const reservedNames: ReadonlyArray<string> = ["stage", "step", "seconds", "time"]

/** One line of `metrics.jsonl` or `events.jsonl`; `time` is ISO 8601. */
export const line = (event: TrainEvent): string => {
  const { at, ...rest } = event
  const time = new Date(at).toISOString()
  if (rest._tag !== "Step") return `${JSON.stringify({ ...rest, time })}\n`
  const { stage, step, seconds, metrics } = rest
  return `${JSON.stringify({ stage, step, seconds, time, ...metrics })}\n`
}

const parseLine = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * The lines of a journal that stay when `stage` goes on after `step` steps, or starts anew (`undefined`): those of
 * other stages, and those of this one up to the step. A line cut short by a crash goes.
 */
export const keptLines = (content: string, stage: string, step: number | undefined): string =>
  content
    .split("\n")
    .filter((text) => {
      const parsed = parseLine(text)
      if (typeof parsed !== "object" || parsed === null || !("stage" in parsed) || !("step" in parsed)) return false
      return parsed.stage !== stage || (step !== undefined && Number(parsed.step) <= step)
    })
    .map((text) => `${text}\n`)
    .join("")

const trim = Effect.fnUntraced(function* (folder: string, name: string, stage: string, step: number | undefined) {
  const bytes = yield* readBytes(`${folder}/${name}`)
  if (Option.isNone(bytes)) return
  const content = new TextDecoder().decode(bytes.value)
  const kept = keptLines(content, stage, step)
  if (kept !== content) yield* writeAtomic(folder, name, new TextEncoder().encode(kept))
})

/** The two files of a run, open for appending while the scope lasts. */
export interface Journal {
  readonly append: (event: TrainEvent) => Effect.Effect<void, WriteFailed>
  /** Waits until all that was appended is on the disk. */
  readonly sync: Effect.Effect<void, WriteFailed>
}

/** Opens the journal for a stage at `step` (`undefined`: from the start), after removing what lies beyond it. */
export const open = Effect.fn("Journal.open")(function* (
  directory: RunDirectory,
  stage: string,
  step: number | undefined
) {
  const fs = yield* FileSystem.FileSystem
  const appender = Effect.fnUntraced(function* (name: string) {
    const path = `${directory.path}/${name}`
    yield* trim(directory.path, name, stage, step)
    const file = yield* fs.open(path, { flag: "a" }).pipe(Effect.mapError(writeFailed(path, 0)))
    return {
      write: (text: string) => {
        const bytes = new TextEncoder().encode(text)
        return file.writeAll(bytes).pipe(Effect.mapError(writeFailed(path, bytes.length)))
      },
      sync: file.sync.pipe(Effect.mapError(writeFailed(path, 0)))
    }
  })
  const metrics = yield* appender(metricsName)
  const events = yield* appender(eventsName)
  return {
    append: (event) => (event._tag === "Step" ? metrics : events).write(line(event)),
    sync: Effect.andThen(metrics.sync, events.sync)
  } satisfies Journal
})
