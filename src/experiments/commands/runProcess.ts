import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Effect, Exit, type Fiber, Layer, Logger, Runtime } from "effect"
import { CliConfig, CliError, CliOutput, type Command, GlobalFlag } from "effect/cli"
import { type Screen, Screens, StopSignal, type StopSignalName, StopSignals } from "../../core/run/index.ts"
import { Stopped } from "./resumable.ts"
import { presenter } from "./usage.ts"

const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** A signal that arrives twice within this time came once and was passed on by a parent process. */
const echoMs = 250

const firstLine = (text: string): string => text.split("\n", 1)[0]!

/**
 * What a failed program prints on standard error: the message of a typed error; one line for a defect; the whole
 * cause where `debug` asks for it. Nothing for an interruption and for usage errors, which were shown already.
 */
export const report = (cause: Cause.Cause<unknown>, debug: boolean): string | undefined => {
  if (Cause.hasInterruptsOnly(cause)) return undefined
  const error = Cause.squash(cause)
  if (CliError.isCliError(error) && error._tag === "ShowHelp") return undefined
  const message = error instanceof Error ? error.message : String(error)
  const stack = debug ? `\n${Cause.pretty(cause)}` : ""
  if (error instanceof Stopped) return `${message}${stack}`
  if (cause.reasons.some(Cause.isFailReason)) return `error: ${message}${stack}`
  return `internal error: ${firstLine(message)}${debug ? stack : " (--debug shows the stack)"}`
}

/** The exit code of a program: 0, 1, 2 for wrong usage, 130 or 143 when a signal ended it. */
export const exitCode = (exit: Exit.Exit<unknown, unknown>, signal: StopSignalName | undefined): number => {
  if (Exit.isSuccess(exit)) return 0
  if (Cause.hasInterruptsOnly(exit.cause)) return signalCodes[signal ?? "SIGINT"]
  const error = Cause.squash(exit.cause)
  if (CliError.isCliError(error) && error._tag === "ShowHelp") return error.errors.length > 0 ? 2 : 0
  return Runtime.getErrorExitCode(error)
}

const stderrScreen = (noColour: boolean): Screen => ({
  ...Screens.abilities({ isTerminal: process.stderr.isTTY === true, env: process.env, noColour }),
  // Some pseudo-terminals say that they are 0 wide.
  columns: () => process.stderr.columns || 80,
  write: (text) => Effect.sync(() => void process.stderr.write(text))
})

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => (stream.destroyed ? resolve() : void stream.write("", () => resolve())))

/**
 * Runs the program of a command as this process: services, colours, signals, messages, exit code.
 *
 * The first SIGINT or SIGTERM asks a running stage to finish its step and save, or interrupts what else is running;
 * the second ends the process at once.
 */
export const runProcess = (
  program: Effect.Effect<void, unknown, Command.Environment>,
  args: ReadonlyArray<string>
): void => {
  const debug = args.includes("--debug")
  const noColour = args.includes("--no-color")
  const control = StopSignals.make()
  const out = Screens.abilities({ isTerminal: process.stdout.isTTY === true, env: process.env, noColour })
  const services = Layer.mergeAll(
    NodeServices.layer,
    CliConfig.layer({ builtIns: GlobalFlag.BuiltIns.filter((flag) => flag !== GlobalFlag.Wizard) }),
    CliOutput.layerPresenter(presenter),
    CliOutput.layer(CliOutput.defaultFormatter({ colors: out.colour })),
    Layer.succeed(Logger.LogToStderr, true),
    Layer.succeed(StopSignal, control.signal),
    Layer.succeed(Screens.CurrentScreen, stderrScreen(noColour))
  )
  let fiber: Fiber.Fiber<void, unknown> | undefined
  let first: { readonly name: StopSignalName; readonly at: number } | undefined
  const end = async (code: number): Promise<void> => {
    await Promise.all([flushed(process.stdout), flushed(process.stderr)])
    process.exit(code)
  }
  // A reader that goes away, e.g. `| head`, must not end a run.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error
    })
  }
  const onSignal = (name: StopSignalName) => (): void => {
    if (first !== undefined) {
      if (performance.now() - first.at > echoMs) process.exit(signalCodes[name])
      return
    }
    first = { name, at: performance.now() }
    if (control.listening()) {
      control.request(name)
      process.stderr.write("\nStopping after this step, to save it; once more to stop at once.\n")
    } else fiber?.interruptUnsafe()
  }
  process.on("SIGINT", onSignal("SIGINT"))
  process.on("SIGTERM", onSignal("SIGTERM"))
  process.on("uncaughtException", (error) => {
    process.stderr.write(`${report(Cause.die(error), debug)}\n`)
    void end(1)
  })
  // A program may wait for nothing that Node knows of.
  const alive = setInterval(() => {}, 2 ** 30)
  // Last, so that no signal comes before its handler.
  fiber = Effect.runFork(Effect.provide(program, services))
  fiber.addObserver((exit) => {
    clearInterval(alive)
    const message = Exit.isFailure(exit) ? report(exit.cause, debug) : undefined
    if (message !== undefined) process.stderr.write(`${message}\n`)
    void end(exitCode(exit, first?.name))
  })
}
