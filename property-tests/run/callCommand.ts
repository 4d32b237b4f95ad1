import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect } from "effect"
import { CliOutput, type Command } from "effect/cli"
import { exitCode, presenter, report, type Source } from "../../src/experiments/commands/index.ts"

/** Runs a command whose handlers only note their options: these, what is printed, and the exit code. */
export const callCommand = async <Options>(
  command: (noting: Source<Options>) => Effect.Effect<void, unknown, Command.Environment>
) => {
  const calls: Array<Options> = []
  const [out, err]: [Array<string>, Array<string>] = [[], []]
  const console = Object.assign(Object.create(globalThis.console), {
    log: (...text: ReadonlyArray<unknown>) => void out.push(text.join(" ")),
    error: (...text: ReadonlyArray<unknown>) => void err.push(text.join(" "))
  })
  const exit = await Effect.runPromiseExit(
    command(async () => (options) => Effect.sync(() => void calls.push(options))).pipe(
      Effect.provideService(Console.Console, console),
      Effect.provide(CliOutput.layerPresenter(presenter)),
      Effect.provide(NodeServices.layer)
    )
  )
  const message = exit._tag === "Failure" ? (report(exit.cause, false) ?? "") : ""
  return { calls, out: out.join("\n"), err: [...err, message].join("\n").trimEnd(), code: exitCode(exit, undefined) }
}
