import { Cause, Clock, Effect, type FileSystem, Option, Stream } from "effect"
import * as Checkpoint from "./Checkpoint.ts"
import { Interrupted, type RunDirectoryError, type StopSignalName } from "./errors.ts"
import * as Journal from "./Journal.ts"
import type { RunDirectory } from "./RunDirectory.ts"
import type { Metrics, Stage } from "./Stage.ts"
import { StopSignal } from "./StopSignal.ts"
import type { TrainEvent } from "./TrainEvent.ts"

/** Which metric decides the checkpoint that is kept beside the newest ones. */
export interface BestBy {
  readonly metric: string
  readonly mode: "max" | "min"
}

export interface DurableOptions {
  /** Keep the checkpoint with the best value of a metric, the last one logged before it; none by default. */
  readonly best?: BestBy
  /** Newest checkpoints that are kept, 2 by default: one to use, and one in case it is damaged. */
  readonly keep?: number
}

/** Where a run stands between two phases. */
interface Position extends Checkpoint.Progress {
  /** Step of the newest checkpoint; 0 when there is none and none is needed. */
  readonly saved: number
  /** The last value of the metric that decides the best checkpoint. */
  readonly value: number | null
}

/** A piece of the work: the events it makes, and what comes next. */
interface Phase<E, R> {
  readonly work: Effect.Effect<readonly [ReadonlyArray<TrainEvent>, Option.Option<Phase<E, R>>], E, R>
}

/** Metrics as JSON can hold them, and the names of those that were not finite. */
const finite = (metrics: Metrics): { readonly metrics: Metrics; readonly lost: ReadonlyArray<string> } => {
  const reserved = Object.keys(metrics).find((name) => Journal.reservedNames.includes(name))
  if (reserved !== undefined) throw new RangeError(`A metric must not be called "${reserved}".`)
  const lost = Object.keys(metrics).filter((name) => metrics[name] !== null && !Number.isFinite(metrics[name]))
  return { metrics: { ...metrics, ...Object.fromEntries(lost.map((name) => [name, null])) }, lost }
}

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [A, number], E, R> =>
  Effect.gen(function* () {
    const before = yield* Clock.currentTimeNanos
    const value = yield* effect
    return [value, Number((yield* Clock.currentTimeNanos) - before) / 1e9]
  })

const bestOf = (by: BestBy | undefined, { step, value, best }: Position): Checkpoint.Progress["best"] => {
  if (by === undefined || value === null) return best
  if (best === null) return { step, value }
  return (by.mode === "max" ? value > best.value : value < best.value) ? { step, value } : best
}

const phases = <E, R>(
  stage: Stage<E, R>,
  folder: string,
  journal: Journal.Journal,
  found: Checkpoint.Found,
  options: DurableOptions
) => {
  type Needs = R | FileSystem.FileSystem
  type Fails = E | RunDirectoryError
  const now = (step: number) => Effect.map(Clock.currentTimeMillis, (at) => ({ stage: stage.name, step, at }))
  const phase = (
    work: Effect.Effect<readonly [ReadonlyArray<TrainEvent>, Phase<Fails, Needs> | undefined], Fails, Needs>
  ): Phase<Fails, Needs> => ({ work: Effect.map(work, ([events, next]) => [events, Option.fromUndefinedOr(next)]) })

  const begin = phase(
    Effect.gen(function* () {
      const from = Option.getOrUndefined(found.restored)
      yield* from === undefined ? stage.start : stage.restore(from.snapshot)
      const { step = 0, seconds = 0, best = null } = from ?? {}
      const at = yield* now(step)
      const warnings = found.rejected.map(
        ({ path, reason }): TrainEvent => ({ _tag: "Warning", ...at, message: `${path} was not used: ${reason}.` })
      )
      const position: Position = { step, seconds, best, saved: step, value: null }
      const first: TrainEvent =
        from === undefined
          ? { _tag: "StageStarted", ...at, steps: stage.steps }
          : { _tag: "Resumed", ...at, steps: stage.steps, seconds }
      const done = step >= stage.steps && from !== undefined
      return [[...warnings, first], done ? finish(position, true) : advance(position)]
    })
  )

  const advance = (position: Position): Phase<Fails, Needs> =>
    phase(
      Effect.gen(function* () {
        if (position.step >= stage.steps) return [[], checkpoint(position, finish)]
        const signal = yield* (yield* StopSignal).requested
        if (signal !== undefined) {
          const stop = stopped(signal)
          return [[], position.saved === position.step ? stop(position) : checkpoint(position, stop)]
        }
        const [logged, seconds] = yield* timed(stage.step(position.step))
        const { metrics, lost } = finite(logged)
        const step = position.step + 1
        const value = options.best === undefined ? null : (metrics[options.best.metric] ?? position.value)
        const next: Position = { ...position, step, seconds: position.seconds + seconds, value }
        const at = yield* now(step)
        const warnings = lost.map(
          (name): TrainEvent => ({
            _tag: "Warning",
            ...at,
            message: `Metric ${name} is ${logged[name]}; logged as null.`
          })
        )
        const due = step % stage.checkpointEvery === 0 && step < stage.steps
        return [
          [{ _tag: "Step", ...at, metrics, seconds }, ...warnings],
          due ? checkpoint(next, advance) : advance(next)
        ]
      })
    )

  const checkpoint = (position: Position, then: (position: Position) => Phase<Fails, Needs>): Phase<Fails, Needs> =>
    phase(
      Effect.gen(function* () {
        yield* journal.sync
        const best = bestOf(options.best, position)
        const progress = { step: position.step, seconds: position.seconds, best }
        const [written, seconds] = yield* timed(
          Effect.flatMap(stage.save, (snapshot) => Checkpoint.write(folder, stage.name, snapshot, progress))
        )
        yield* Checkpoint.retain(folder, options.keep ?? 2, best?.step)
        const event: TrainEvent = { _tag: "Checkpointed", ...(yield* now(position.step)), ...written, seconds }
        return [[event], then({ ...position, best, saved: position.step, value: null })]
      })
    )

  const finish = (position: Position, skipped = false): Phase<Fails, Needs> =>
    phase(
      Effect.map(now(position.step), (at) => [
        [{ _tag: "StageFinished", ...at, seconds: position.seconds, skipped }],
        undefined
      ])
    )

  const stopped =
    (signal: StopSignalName) =>
    ({ step }: Position): Phase<Fails, Needs> => {
      const error = new Interrupted({ stage: stage.name, step, steps: stage.steps, path: folder, signal })
      return phase(Effect.map(now(step), (at) => [[{ _tag: "Stopped", ...at, signal }], phase(Effect.fail(error))]))
    }

  return begin
}

/**
 * Runs a stage to its end as a stream of events, from its newest usable checkpoint if the directory has one.
 *
 * The work goes on as the stream is pulled. Every event is in the journal before a consumer sees it, and the
 * journal is on the disk before a checkpoint is, so a run that is killed and resumed has every step once. After
 * the stream, memory holds the state after the last step, also when an earlier session had finished the stage.
 *
 * When a stop was asked for, the step under way is finished and saved and the stream fails with `Interrupted`.
 * An error of the stage leaves the last checkpoint as it is: a `StageFailed` event, then the error. Stages of one
 * directory run one after another.
 */
export const run = <E, R>(
  stage: Stage<E, R>,
  directory: RunDirectory,
  options: DurableOptions = {}
): Stream.Stream<TrainEvent, E | RunDirectoryError, R | FileSystem.FileSystem> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const folder = `${directory.path}/${stage.name}`
      yield* (yield* StopSignal).listen
      const found = yield* Checkpoint.latest(folder, stage.name)
      yield* Checkpoint.setAside(found.rejected)
      const from = Option.getOrUndefined(found.restored)
      const journal = yield* Journal.open(directory, stage.name, from?.step)
      let step = from?.step ?? 0
      return Stream.paginate(phases(stage, folder, journal, found, options), (phase) => phase.work).pipe(
        Stream.tap((event) => {
          step = event.step
          return Effect.void
        }),
        Stream.catchCause((cause) => {
          const error = Cause.squash(cause)
          if (error instanceof Interrupted || Cause.hasInterruptsOnly(cause)) return Stream.failCause(cause)
          const failed = Effect.map(Clock.currentTimeMillis, (at): TrainEvent => {
            const message = error instanceof Error ? error.message : String(error)
            const name = error instanceof Error ? error.name : typeof error
            return { _tag: "StageFailed", stage: stage.name, step, at, error: name, message }
          })
          return Stream.concat(Stream.fromEffect(failed), Stream.failCause(cause))
        }),
        Stream.tap(journal.append)
      )
    })
  )
