import { Effect } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { toggle } from "./runFlags.ts"
import type { Source } from "./Source.ts"

/** What `rewardflow report` was asked for. */
export interface ReportOptions {
  /** A run's folder, or result files. */
  readonly places: ReadonlyArray<string>
  readonly output: string | undefined
  readonly selector: string
  readonly title: string | undefined
  readonly watch: boolean
  readonly port: number
}

/** `rewardflow report`. */
export const reportCommand = (source: Source<ReportOptions>) =>
  Command.make(
    "report",
    {
      places: Argument.String("run|results.jsonl").pipe(
        Argument.variadic({ min: 1 }),
        Argument.withDescription("A run's folder, or files of results (.jsonl, .jsonl.gz)")
      ),
      output: Flag.String("output").pipe(
        Flag.withDescription("The page to write; explorer.html in the folder by default"),
        Flag.optional
      ),
      selector: Flag.String("selector").pipe(
        Flag.withDescription("How token or unit rewards become the score of a trace: mean, sum, min, last, ..."),
        Flag.withDefault("mean")
      ),
      title: Flag.String("title").pipe(Flag.withDescription("Heading of the page"), Flag.optional),
      watch: toggle("watch", "Show a run live, on this machine only, until ctrl-c"),
      port: Flag.Int("port").pipe(Flag.withDescription("Port of --watch; 0 takes a free one"), Flag.withDefault(0))
    },
    ({ output, title, ...options }) =>
      Effect.flatMap(Effect.promise(source), (handler) =>
        handler({
          ...options,
          output: output._tag === "Some" ? output.value : undefined,
          title: title._tag === "Some" ? title.value : undefined
        })
      )
  ).pipe(
    Command.withDescription("Writes rollouts and their rewards as one page to read offline; --watch shows a run live")
  )
