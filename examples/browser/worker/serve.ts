import { Cause, Clock, Duration, Effect, Option, Predicate, Queue } from "effect"
import { Service } from "rewardflow"
import { type Checkpoint, type Lesson, lesson } from "../learn/Lesson.ts"
import type { LessonName, Settings } from "../learn/settings.ts"
import type { EngineName, Engines } from "./engines.ts"
import * as Progress from "./Progress.ts"
import type { Command, Event } from "./protocol.ts"

type Begin = Extract<Command, { readonly _tag: "Train" | "Continue" }>
type Judge = Extract<Command, { readonly _tag: "Judge" }>

/** What is learned, and from where on: without a checkpoint from its beginning. */
interface Course {
  readonly lesson: LessonName
  readonly seed: number
  /** The last checkpoint, and what had been shown there. */
  saved: { readonly checkpoint: Checkpoint; readonly progress: Progress.Progress } | undefined
}

/** A lesson under way. */
interface Run {
  progress: Progress.Progress
  state: Extract<Event, { readonly _tag: "Standing" }>["state"]
  /** When the page was last told, in ms. */
  toldAt: number
}

export interface ServeOptions {
  readonly inbox: Queue.Dequeue<Command>
  /** Tells the page. */
  readonly post: (event: Event) => void
  readonly engines: Engines
  readonly lessons: Readonly<Record<LessonName, Settings>>
}

/** Shortest time between two drawings of the curves, in ms. */
const TOLD_EVERY = 250

/** Lets messages in, which arrive between two tasks of the event loop. */
const breathe = Effect.promise(() => new Promise<void>((resolve) => setTimeout(resolve)))

/** Does what commands say, one after another, and trains between them; forever. */
export const serve = ({ inbox, post, engines, lessons }: ServeOptions): Effect.Effect<never> => {
  const tell = (event: Event) => Effect.sync(() => post(event))

  const judge = (taught: Lesson, { id, problem, traces }: Judge) =>
    taught.judge(problem, traces).pipe(
      Effect.map(
        (judged): Event => (judged === undefined ? { _tag: "Unready", id } : { _tag: "Judged", id, traces: judged })
      ),
      Effect.catchTag(["UnknownText", "TraceTooLong"], ({ message }) =>
        Effect.succeed<Event>({ _tag: "Unreadable", id, reason: message })
      ),
      Effect.flatMap(tell)
    )

  let course: Course | undefined

  /** A course on an engine, until another one is asked for, or this one elsewhere. */
  const teach = (engine: EngineName, course: Course) =>
    Effect.gen(function* () {
      const { name } = yield* Service.Backend
      const settings = lessons[course.lesson]
      const taught = yield* lesson(settings, course.seed, course.saved?.checkpoint)
      yield* tell({ _tag: "Started", backend: name, updates: taught.updates })
      const progress = course.saved?.progress ?? Progress.empty(taught.updates)
      const run: Run = { progress, state: "running", toldAt: 0 }

      const show = Effect.gen(function* () {
        run.toldAt = yield* Clock.currentTimeMillis
        yield* tell({ _tag: "Standing", standing: Progress.standing(run.progress), state: run.state })
      })

      const advance = Effect.gen(function* () {
        const [took, update] = yield* Effect.timed(taught.advance)
        if (update === undefined) run.state = "finished"
        else run.progress = Progress.after(run.progress, update, Duration.toSeconds(took))
        if (update !== undefined && run.progress.made % settings.saveEvery === 0)
          course.saved = { checkpoint: yield* taught.save, progress: run.progress }
        const due = (yield* Clock.currentTimeMillis) - run.toldAt >= TOLD_EVERY
        if (run.state === "finished" || update?.measure !== undefined || due) yield* show
      })

      for (;;) {
        const command: Option.Option<Command> =
          run.state === "running" ? yield* Queue.poll(inbox) : Option.some(yield* Queue.take(inbox))
        if (Option.isNone(command)) yield* advance
        else if (isBegin(command.value)) return command.value
        else if (command.value._tag === "Judge") yield* judge(taught, command.value)
        else if (run.state !== "finished") {
          run.state = command.value._tag === "Stop" ? "stopped" : "running"
          yield* show
        }
        yield* breathe
      }
    }).pipe(Effect.provide(engines[engine]), Effect.scoped)

  const nextBegin = Effect.gen(function* () {
    for (;;) {
      const command = yield* Queue.take(inbox)
      if (isBegin(command)) return command
      if (command._tag === "Judge") yield* tell({ _tag: "Unready", id: command.id })
    }
  })

  return Effect.gen(function* () {
    let next = yield* nextBegin
    for (;;) {
      if (next._tag === "Train") course = { lesson: next.lesson, seed: next.seed, saved: undefined }
      const present: Course | undefined = course
      if (present === undefined) next = yield* nextBegin
      else
        next = yield* teach(next.engine, present).pipe(
          // A defect is shown as well: a page that has no console open would just stand still.
          Effect.catchCause((cause) => Effect.andThen(tell(failed(Cause.squash(cause), present)), nextBegin))
        )
    }
  })
}

const isBegin = (command: Command): command is Begin => command._tag === "Train" || command._tag === "Continue"

const nameOf = (error: unknown): string => {
  if (error instanceof Service.BackendFailure && error.trouble !== undefined) return error.trouble._tag
  return Predicate.hasProperty(error, "_tag") ? String(error._tag) : "Defect"
}

const failed = (error: unknown, { saved }: Course): Event => ({
  _tag: "Failed",
  error: nameOf(error),
  reason: error instanceof Error ? error.message : String(error),
  checkpoint: saved?.progress.made
})
