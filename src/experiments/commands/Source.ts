import type { Effect } from "effect"
import type { Command } from "effect/cli"

/** What a command does with its options: prints results on standard output and fails with errors fit for people. */
export type Handler<Options> = (options: Options) => Effect.Effect<void, Error, Command.Environment>

/** Loads a handler when its command is called, so that the others start fast. */
export type Source<Options> = () => Promise<Handler<Options>>
