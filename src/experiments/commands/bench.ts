import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { maybe, toggle, wholeNumber } from "./runFlags.ts"
import type { Source } from "./Source.ts"

/** What `rewardflow bench` was asked for. */
export interface BenchOptions {
  /** Only benchmarks whose name contains this. */
  readonly filter: string | undefined
  /** Alternating rounds of ours and the peer's; `undefined` leaves the choice to each benchmark. */
  readonly rounds: number | undefined
  readonly threads: number | undefined
  readonly json: boolean
}

/** `rewardflow bench`. */
export const benchCommand = (source: Source<BenchOptions>) =>
  Command.make(
    "bench",
    {
      filter: maybe(Flag.String("filter")).pipe(
        Flag.withMetavar("TEXT"),
        Flag.withDescription("Only benchmarks whose name contains TEXT")
      ),
      rounds: maybe(wholeNumber("rounds", 1)).pipe(
        Flag.withMetavar("N"),
        Flag.withDescription("Alternating rounds; more make the medians steadier")
      ),
      threads: maybe(wholeNumber("threads", 1)).pipe(
        Flag.withMetavar("N"),
        Flag.withDescription("Threads of both sides")
      ),
      json: toggle("json", "Print an array of results as JSON on standard output")
    },
    (options) => Effect.flatMap(Effect.promise(source), (handler) => handler(options))
  ).pipe(Command.withDescription("Measures training steps and sampling, against PyTorch where it is installed"))
