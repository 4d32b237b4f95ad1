import { availableParallelism, hostname } from "node:os"
import { versions as nodeVersions } from "node:process"
import { Effect, Stream } from "effect"
import {
  Durable,
  type Json,
  nextSummary,
  type Observer,
  type PlannedStage,
  Progress,
  RunDirectory,
  Screens,
  type Stage,
  type StageSummary,
  TensorBoard,
  type WriteFailed
} from "../../core/run/index.ts"
import { type RunOptions, version } from "../commands/index.ts"

/** An open run: where it is kept, who watches it, what it took so far. */
export interface Session {
  readonly directory: RunDirectory.RunDirectory
  /** Runs a stage to its end, from where an earlier session left it. */
  readonly run: <E, R>(stage: Stage<E, R>) => ReturnType<typeof runStage<E, R>>
  /** Says on the screen that something is done that is no stage. */
  readonly note: (text: string) => Effect.Effect<void>
  /** What each stage came to. */
  readonly summaries: () => ReadonlyArray<StageSummary>
  /** Time of the run over all sessions, in seconds. */
  readonly wallSeconds: () => number
  /** Largest resident memory of this process, in bytes. */
  readonly peakMemoryBytes: () => number
}

const runStage = <E, R>(stage: Stage<E, R>, directory: RunDirectory.RunDirectory, observe: Observer<WriteFailed>) =>
  Stream.runForEach(Durable.run(stage, directory), observe)

/** Opens the run directory, the progress display and the TensorBoard files; all are closed with the scope. */
export const open = Effect.fnUntraced(function* (
  options: RunOptions,
  description: { readonly config: Json; readonly hashes?: Readonly<Record<string, string>> },
  plan: ReadonlyArray<PlannedStage>
) {
  const directory = yield* RunDirectory.open(options.output, {
    ...description,
    environment: {
      rewardflow: version(),
      node: nodeVersions.node,
      threads:
        options.threads === undefined ? `one a core of ${availableParallelism()} processors` : `${options.threads}`
    },
    resume: options.resume,
    overwrite: options.overwrite
  })
  const screen = yield* Screens.CurrentScreen
  const progress = yield* Progress.open({ plan, screen })
  const board = yield* TensorBoard.open(`${directory.path}/tensorboard`, { host: hostname(), pid: process.pid })
  let summaries: ReadonlyArray<StageSummary> = []
  let earlier = 0
  const began = performance.now()
  const observe: Observer<WriteFailed> = (event) =>
    Effect.gen(function* () {
      summaries = nextSummary(summaries, event)
      if (event._tag === "Resumed") earlier += event.seconds
      yield* progress.observe(event)
      yield* board(event)
    })
  return {
    directory,
    run: (stage) => runStage(stage, directory, observe),
    note: progress.note,
    summaries: () => summaries,
    wallSeconds: () => (performance.now() - began) / 1000 + earlier,
    peakMemoryBytes: () => process.resourceUsage().maxRSS * 1024
  } satisfies Session
})
