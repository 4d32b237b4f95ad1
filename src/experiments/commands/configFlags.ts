import { relative } from "node:path"
import { fileURLToPath } from "node:url"
import { Console, Effect } from "effect"
import { Argument, Flag } from "effect/cli"
import { type Command, Nodes } from "../../core/config/index.ts"
import { configure, readLibrary } from "../configure/index.ts"
import { maybe, toggle } from "./runFlags.ts"

/** Flags and arguments of every command that reads a configuration in Hydra's grammar. */
export const configFlags = {
  configName: maybe(Flag.String("config-name")).pipe(
    Flag.withMetavar("NAME"),
    Flag.withDescription("The configuration to start from, e.g. tiny_airl")
  ),
  configPath: maybe(Flag.String("config-path")).pipe(
    Flag.withMetavar("DIR"),
    Flag.withDescription("Folder of configurations, searched before those that come with the library")
  ),
  dropRejected: toggle(
    "drop-rejected",
    "Leave out keys of other systems that cannot change what is learned, instead of refusing them"
  ),
  overrides: Argument.String("override").pipe(
    Argument.variadic(),
    Argument.withDescription("key=value, +key=value, ++key=value, ~key, group=option")
  )
} as const

/** What they say, the name being known. */
export interface ConfigChoice {
  readonly configName: string
  readonly configPath: string | undefined
  readonly dropRejected: boolean
  readonly overrides: ReadonlyArray<string>
  /** Whether overrides with several values make several jobs. */
  readonly multirun: boolean
  /** What the configuration is for, `train` by default. */
  readonly command?: Command
}

/** The configurations that come with the library, from here where that is shorter. */
const builtIn = (): string => {
  const path = fileURLToPath(new URL("../../../configs", import.meta.url))
  const near = relative(process.cwd(), path)
  return near.length < path.length ? near : path
}

/** The jobs that were asked for, composed and checked; says on standard error which keys were left out. */
export const configuredJobs = Effect.fnUntraced(function* ({ configName, configPath, ...choice }: ConfigChoice) {
  const library = yield* readLibrary(configPath, builtIn())
  const jobs = yield* Effect.fromResult(configure({ ...choice, library, name: configName, env: process.env }))
  for (const { key, origin, reason } of jobs[0]!.decoded.dropped)
    yield* Console.error(`left out: ${key} (${Nodes.printOrigin(origin)}): ${reason.split(" To leave it out")[0]}`)
  return jobs
})
