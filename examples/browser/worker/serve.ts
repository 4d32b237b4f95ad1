import { Cause, Clock, Duration, Effect, Option, Predicate, Queue } from "effect"
import { Service } from "rewardflow"
import { type Lesson, lesson } from "../learn/Lesson.ts"
import type { LessonName, Settings } from "../learn/settings.ts"
import type { Engines } from "./engines.ts"
import * as Progress from "./Progress.ts"
import type { Command, Event } from "./protocol.ts"

type Train = Extract<Command, { readonly _tag: "Train" }>
type Judge = Extract<Command, { readonly _tag: "Judge" }>

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

  /** One lesson, until another one is asked for. */
  const teach = ({ engine, lesson: chosen, seed }: Train) =>
    Effect.gen(function* () {
      const { name } = yield* Service.Backend
      const taught = yield* lesson(lessons[chosen], seed)
      yield* tell({ _tag: "Started", backend: name, updates: taught.updates })
      const run: Run = { progress: Progress.empty(taught.updates), state: "running", toldAt: 0 }

      const show = Effect.gen(function* () {
        run.toldAt = yield* Clock.currentTimeMillis
        yield* tell({ _tag: "Standing", standing: Progress.standing(run.progress), state: run.state })
      })

      const advance = Effect.gen(function* () {
        const [took, update] = yield* Effect.timed(taught.advance)
        if (update === undefined) run.state = "finished"
        else run.progress = Progress.after(run.progress, update, Duration.toSeconds(took))
        const due = (yield* Clock.currentTimeMillis) - run.toldAt >= TOLD_EVERY
        if (run.state === "finished" || update?.measure !== undefined || due) yield* show
      })

      for (;;) {
        const command: Option.Option<Command> =
          run.state === "running" ? yield* Queue.poll(inbox) : Option.some(yield* Queue.take(inbox))
        if (Option.isNone(command)) yield* advance
        else if (command.value._tag === "Train") return command.value
        else if (command.value._tag === "Judge") yield* judge(taught, command.value)
        else if (run.state !== "finished") {
          run.state = command.value._tag === "Stop" ? "stopped" : "running"
          yield* show
        }
        yield* breathe
      }
    }).pipe(Effect.provide(engines[engine]), Effect.scoped)

  const nextTrain = Effect.gen(function* () {
    for (;;) {
      const command = yield* Queue.take(inbox)
      if (command._tag === "Train") return command
      if (command._tag === "Judge") yield* tell({ _tag: "Unready", id: command.id })
    }
  })

  return Effect.gen(function* () {
    let next = yield* nextTrain
    for (;;) {
      next = yield* teach(next).pipe(
        // A defect is shown as well: a page that has no console open would just stand still.
        Effect.catchCause((cause) => Effect.andThen(tell(failed(Cause.squash(cause))), nextTrain))
      )
    }
  })
}

const nameOf = (error: unknown): string => {
  if (error instanceof Service.BackendFailure && error.trouble !== undefined) return error.trouble._tag
  return Predicate.hasProperty(error, "_tag") ? String(error._tag) : "Defect"
}

const failed = (error: unknown): Event => ({
  _tag: "Failed",
  error: nameOf(error),
  reason: error instanceof Error ? error.message : String(error)
})
