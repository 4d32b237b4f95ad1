import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { backendNames } from "../backends/index.ts"
import { backendName, maybe, toggle } from "./runFlags.ts"
import type { Source } from "./Source.ts"

/** What `rewardflow conformance` was asked for. */
export interface ConformanceOptions {
  /** Names of backends; all that the machine has where there are none. */
  readonly backends: ReadonlyArray<string>
  /** Only laws of this area, or whose name contains this. */
  readonly filter: string | undefined
  readonly json: boolean
}

/** `rewardflow conformance`. */
export const conformanceCommand = (source: Source<ConformanceOptions>) =>
  Command.make(
    "conformance",
    {
      backends: backendName.pipe(
        Flag.atLeast(0),
        Flag.withDescription(`May be given several times; all by default: ${backendNames.join(", ")}`)
      ),
      filter: maybe(Flag.String("filter")).pipe(
        Flag.withMetavar("TEXT"),
        Flag.withDescription("Only laws of an area, or whose name contains TEXT")
      ),
      json: toggle("json", "Print an array of reports as JSON on standard output")
    },
    (options) => Effect.flatMap(Effect.promise(source), (handler) => handler(options))
  ).pipe(
    Command.withDescription("Holds compute backends to their laws, against the reference, and prints what each keeps"),
    Command.withExamples([
      { command: "rewardflow conformance", description: "Every backend that this machine has" },
      { command: "rewardflow conformance --backend onnx-cpu --filter memory", description: "Some laws of one" }
    ])
  )
