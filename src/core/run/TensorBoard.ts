import { Effect, FileSystem, Scope } from "effect"
import { writeFailed } from "./DurableFile.ts"
import type { WriteFailed } from "./errors.ts"
import type { Observer, TrainEvent } from "./TrainEvent.ts"
import { encodeEvent, record, type TfEvent } from "./tfEvent.ts"

export interface TensorBoardOptions {
  /** Host name and process id, parts of the file's name by which readers tell writers apart. */
  readonly host: string
  readonly pid: number
}

const scalars = (event: TrainEvent): NonNullable<TfEvent["scalars"]> =>
  event._tag === "Step"
    ? Object.entries({ ...event.metrics, step_time: event.seconds }).flatMap(([tag, value]) =>
        value === null ? [] : [{ tag, value }]
      )
    : []

/**
 * Writes scalars for TensorBoard, one run a stage: `folder/<stage>/events.out.tfevents.<seconds>.<host>.<pid>`.
 * Each session has its own file, which tells readers to drop later steps of the sessions before it.
 */
export const open = (
  folder: string,
  { host, pid }: TensorBoardOptions
): Effect.Effect<Observer<WriteFailed>, never, FileSystem.FileSystem | Scope.Scope> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const scope = yield* Scope.Scope
    const files = new Map<string, { readonly path: string; readonly file: FileSystem.File }>()
    const append = (stage: string, event: TfEvent) =>
      Effect.gen(function* () {
        const target = files.get(stage)
        if (target === undefined) return
        const bytes = record(encodeEvent(event))
        yield* target.file.writeAll(bytes).pipe(Effect.mapError(writeFailed(target.path, bytes.length)))
      })
    return (event) =>
      Effect.gen(function* () {
        const { stage, step, at, _tag } = event
        const wallTime = at / 1000
        if (_tag === "StageStarted" || _tag === "Resumed") {
          const path = `${folder}/${stage}/events.out.tfevents.${Math.floor(wallTime)}.${host}.${pid}`
          const file = yield* fs
            .makeDirectory(`${folder}/${stage}`, { recursive: true })
            .pipe(
              Effect.andThen(fs.open(path, { flag: "a" })),
              Scope.provide(scope),
              Effect.mapError(writeFailed(path, 0))
            )
          files.set(stage, { path, file })
          yield* append(stage, { wallTime, fileVersion: "brain.Event:2" })
          yield* append(stage, { wallTime, step: step + 1, sessionStart: true })
        }
        const values = scalars(event)
        if (values.length > 0) yield* append(stage, { wallTime, step, scalars: values })
      })
  })
