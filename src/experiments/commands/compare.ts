import { Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { toggle } from "./runFlags.ts"
import type { Source } from "./Source.ts"

/** What `rewardflow compare` was asked for. */
export interface CompareOptions {
  /** Folders of finished runs. */
  readonly runs: ReadonlyArray<string>
  readonly json: boolean
}

/** `rewardflow compare`. */
export const compareCommand = (source: Source<CompareOptions>) =>
  Command.make(
    "compare",
    {
      runs: Argument.String("run").pipe(
        Argument.variadic({ min: 2 }),
        Argument.withDescription("Folders of runs that differ in their seed")
      ),
      json: toggle("json", "Print the table as JSON on standard output")
    },
    (options) => Effect.flatMap(Effect.promise(source), (handler) => handler(options))
  ).pipe(Command.withDescription("Puts runs of several seeds into one table, with intervals over seeds"))
