import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { Data, Effect, Schema, type Scope } from "effect"

/** A side of a benchmark that cannot be started, or that stopped. */
export class SideFailed extends Data.TaggedError("SideFailed")<{ readonly side: string; readonly reason: string }> {
  override get message(): string {
    return `${this.side} cannot be measured: ${this.reason}`
  }
}

/** One repetition, on average. */
export interface Timing {
  readonly ms: number
  /** Peak resident memory of the side's process so far. */
  readonly peakBytes: number
}

/** A process that repeats jobs and says how long they took. */
export interface Side {
  /** As shown to people, e.g. `PyTorch 2.8.0`. */
  readonly name: string
  /** Sets up what each run repeats; `job` is what the other process knows by that tag. */
  readonly prepare: (job: { readonly _tag: string }) => Effect.Effect<void, SideFailed>
  readonly run: (times: number) => Effect.Effect<Timing, SideFailed>
}

const Answer = Schema.Struct({
  failed: Schema.optionalKey(Schema.String),
  name: Schema.optionalKey(Schema.String),
  ms: Schema.optionalKey(Schema.Finite),
  peakBytes: Schema.optionalKey(Schema.Finite)
})

type Answer = typeof Answer.Type

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Answer))

/** How to start a side: a command that speaks JSON lines, described in bench/peer.py. */
export interface Launch {
  readonly side: string
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly threads: number | undefined
}

/** Starts a side's process, which ends with the scope. Fails when it cannot start or lacks what it needs. */
export const start = ({ side, command, args, threads }: Launch): Effect.Effect<Side, SideFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const failed = (reason: string) => new SideFailed({ side, reason })
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(command, [...args], { stdio: ["pipe", "pipe", "pipe"] })),
      (child) =>
        Effect.sync(() => {
          child.stdin.end()
          child.kill()
        })
    )
    let waiting: ((answer: Effect.Effect<string, SideFailed>) => void) | undefined
    let ended: string | undefined
    let complaint = ""
    const end = (reason: string) => {
      ended ??= reason
      waiting?.(Effect.fail(failed(ended)))
    }
    child.on("error", (error) => end(`${command} does not start (${error.message}).`))
    child.on("exit", (code) => end(`its process ended with code ${code}. ${complaint.trim().split("\n").at(-1) ?? ""}`))
    // A process that has ended says so by its exit.
    child.stdin.on("error", () => undefined)
    child.stderr.on("data", (text: Buffer) => {
      complaint = (complaint + text.toString()).slice(-2000)
    })
    createInterface({ input: child.stdout }).on("line", (line) => waiting?.(Effect.succeed(line)))

    const ask = (request: unknown): Effect.Effect<Answer, SideFailed> =>
      Effect.callback<string, SideFailed>((resume) => {
        if (ended !== undefined) return resume(Effect.fail(failed(ended)))
        waiting = resume
        child.stdin.write(`${JSON.stringify(request)}\n`)
      }).pipe(
        Effect.flatMap((line) => Effect.mapError(Effect.fromResult(decode(line)), () => failed(`it answered ${line}`))),
        Effect.flatMap((answer) => (answer.failed === undefined ? Effect.succeed(answer) : failed(answer.failed)))
      )

    const { name = side } = yield* ask({ do: "threads", threads: threads ?? 0 })
    return {
      name,
      prepare: (job) => Effect.asVoid(ask({ do: "prepare", job })),
      run: (times) =>
        Effect.flatMap(ask({ do: "run", times }), ({ ms, peakBytes }) =>
          ms === undefined || peakBytes === undefined ? failed("it gave no time.") : Effect.succeed({ ms, peakBytes })
        )
    }
  })
