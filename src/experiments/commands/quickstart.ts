import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { resumable, resumeCommand } from "./resumable.ts"
import { maybe, type RunOptions, runFlags, toggle } from "./runFlags.ts"
import { runOutput } from "./runOutput.ts"
import type { Source } from "./Source.ts"
import { UsageError } from "./usage.ts"

/** Tasks of the quickstart. */
export const quickstartTasks = ["arithmetic", "gsm8k", "mmlu-pro"] as const

/** What `rewardflow quickstart` was asked for. */
export interface QuickstartOptions extends RunOptions {
  readonly task: (typeof quickstartTasks)[number]
  /** Folder of the task's files; present unless the task is `arithmetic`. */
  readonly data: string | undefined
  /** A few minutes less, on smaller settings: to see that everything works. */
  readonly quick: boolean
}

/** `rewardflow quickstart`. */
export const quickstartCommand = (source: Source<QuickstartOptions>, args: ReadonlyArray<string>) =>
  Command.make(
    "quickstart",
    {
      task: Flag.Literals("task", quickstartTasks).pipe(
        Flag.withDefault("arithmetic"),
        Flag.withDescription("What to learn on; gsm8k and mmlu-pro need --data")
      ),
      data: maybe(Flag.Directory("data", { mustExist: true })).pipe(
        Flag.withMetavar("DIR"),
        Flag.withDescription("Folder with the task's files")
      ),
      quick: toggle("quick", "Smaller settings, to see that everything works"),
      ...runFlags
    },
    Effect.fnUntraced(function* (flags) {
      if (flags.task !== "arithmetic" && flags.data === undefined) {
        return yield* new UsageError({
          reason: `--task ${flags.task} reads files: say where they are with --data DIR.`
        })
      }
      if (flags.resume && flags.overwrite) {
        return yield* new UsageError({
          reason: "--resume keeps the run and --overwrite replaces it: give one of them."
        })
      }
      const output = yield* runOutput(`quickstart-${flags.task}`, flags.output, flags.resume)
      const handler = yield* Effect.promise(source)
      yield* handler({ ...flags, output }).pipe(resumable(resumeCommand(args, output, process.env)))
    })
  ).pipe(
    Command.withDescription("Learns a reward and a policy from expert traces, evaluates both and writes a report"),
    Command.withExamples([
      { command: "rewardflow quickstart", description: "Generated arithmetic, no files needed" },
      { command: "rewardflow quickstart --task mmlu-pro --data DIR", description: "Traces of language models" }
    ])
  )
