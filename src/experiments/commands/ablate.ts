import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { resumable, resumeCommand } from "./resumable.ts"
import { type RunOptions, runFlags, toggle, wholeNumber } from "./runFlags.ts"
import { runOutput } from "./runOutput.ts"
import type { Source } from "./Source.ts"
import { UsageError } from "./usage.ts"

/** What can be varied, one thing at a time. */
export const ablationAxes = [
  "granularity",
  "objective",
  "perturbation",
  "switching",
  "kl",
  "replay",
  "advantage",
  "errors",
  "group",
  "clip",
  "critic"
] as const

export type AblationAxis = (typeof ablationAxes)[number]

/** What `rewardflow ablate` was asked for. `seed` is the first one. */
export interface AblateOptions extends RunOptions {
  readonly axis: AblationAxis
  /** How many seeds. */
  readonly seeds: number
  readonly quick: boolean
}

/** `rewardflow ablate`. */
export const ablateCommand = (source: Source<AblateOptions>, args: ReadonlyArray<string>) =>
  Command.make(
    "ablate",
    {
      axis: Argument.Literals("axis", ablationAxes).pipe(Argument.withDescription("What to vary")),
      seeds: wholeNumber("seeds", 2).pipe(Flag.withDefault(3), Flag.withDescription("Number of seeds, from --seed on")),
      quick: toggle("quick", "Smaller settings, to see that everything works"),
      ...runFlags
    },
    Effect.fnUntraced(function* (flags) {
      if (flags.resume && flags.overwrite) {
        return yield* new UsageError({ reason: "--resume keeps the runs and --overwrite replaces them: give one." })
      }
      const output = yield* runOutput(`ablate-${flags.axis}`, flags.output, flags.resume)
      const handler = yield* Effect.promise(source)
      yield* handler({ ...flags, output }).pipe(resumable(resumeCommand(args, output, process.env)))
    })
  ).pipe(
    Command.withDescription("Learns arithmetic under each setting of one choice, over several seeds, into one table"),
    Command.withExamples([
      { command: "rewardflow ablate kl --seeds 3", description: "Three weights of the KL term, three seeds each" }
    ])
  )
