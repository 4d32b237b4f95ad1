import { Effect, Option } from "effect"
import { CliError, Flag } from "effect/cli"
import { backendNames, expectedBackend, usualBackend } from "../backends/index.ts"

const atLeast =
  (name: string, minimum: number) =>
  (value: number): Effect.Effect<number, CliError.InvalidValue> =>
    value >= minimum
      ? Effect.succeed(value)
      : Effect.fail(
          new CliError.InvalidValue({
            option: name,
            value: String(value),
            expected: `at least ${minimum}`,
            kind: "flag"
          })
        )

/** A whole number of at least `minimum`. */
export const wholeNumber = (name: string, minimum: number): Flag.Flag<number> =>
  Flag.Int(name).pipe(Flag.mapEffect(atLeast(name, minimum)))

/** A flag that may be absent, as `undefined`. */
export const maybe = <A>(flag: Flag.Flag<A>): Flag.Flag<A | undefined> =>
  flag.pipe(Flag.optional, Flag.map(Option.getOrUndefined))

/** A switch, off by default. */
export const toggle = (name: string, description: string): Flag.Flag<boolean> =>
  Flag.Boolean(name).pipe(Flag.withDefault(false), Flag.withDescription(description))

/** The name of a backend that there is. */
export const backendName = Flag.String("backend").pipe(
  Flag.mapEffect((value) =>
    backendNames.includes(value)
      ? Effect.succeed(value)
      : Effect.fail(
          new CliError.InvalidValue({ option: "backend", value, expected: expectedBackend(value), kind: "flag" })
        )
  ),
  Flag.withMetavar("NAME")
)

const backend = backendName.pipe(
  Flag.withDefault(usualBackend),
  Flag.withDescription(`What computes, ${usualBackend} by default: ${backendNames.join(", ")}`)
)

/** Flags of every command that makes a run directory. */
export const runFlags = {
  output: maybe(Flag.Directory("output")).pipe(
    Flag.withMetavar("DIR"),
    Flag.withDescription("Run directory; a new one under runs/ by default, the newest one there with --resume")
  ),
  seed: wholeNumber("seed", 0).pipe(Flag.withDefault(0), Flag.withDescription("Seed of everything random")),
  backend,
  threads: maybe(wholeNumber("threads", 1)).pipe(
    Flag.withMetavar("N"),
    Flag.withDescription(
      "Threads of the compute backend, one a core by default; the last bits of results may depend on them"
    )
  ),
  resume: toggle("resume", "Go on with the run in the output directory"),
  overwrite: toggle("overwrite", "Replace the run in the output directory"),
  json: toggle("json", "Print the summary as JSON on standard output")
} as const

/** What `runFlags` give to an experiment. */
export interface RunOptions {
  /** The run directory, chosen already. */
  readonly output: string
  readonly seed: number
  /** Name of the compute backend. */
  readonly backend: string
  readonly threads: number | undefined
  readonly resume: boolean
  readonly overwrite: boolean
  readonly json: boolean
}
