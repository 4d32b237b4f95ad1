// A small program on the toy stages, as a process of its own: `node toyProcess.ts train DIR [ms a step]`,
// and the other ways in which a program can end.
import { Console, Data, Effect } from "effect"
import { Argument, Command } from "effect/cli"
import { globalFlags, resumable, runProcess } from "../../src/experiments/commands/index.ts"
import { toyRun } from "./runs.ts"

class Expected extends Data.TaggedError("Expected")<{ readonly message: string }> {}

const folder = Argument.String("folder")
const delayMs = Argument.Int("delay").pipe(Argument.withDefault(0))

const train = Command.make("train", { folder, delayMs }, ({ folder, delayMs }) =>
  toyRun(folder, { delayMs }, ({ _tag, stage, step }) => Console.log(`${_tag} ${stage} ${step}`)).pipe(
    resumable(`again ${folder}`)
  )
)
const between = Command.make("between", {}, () =>
  Effect.andThen(Console.log("waiting"), Effect.never).pipe(resumable("again"))
)
const fail = Command.make("fail", {}, () => Effect.fail(new Expected({ message: "No rows in data.jsonl." })))
const die = Command.make("die", {}, () => Effect.die(new Error("the invariant broke\nsecond line")))
const crash = Command.make("crash", {}, () =>
  Effect.andThen(
    Effect.sync(() => void setTimeout(() => JSON.parse("{"), 1)),
    Effect.never
  )
)
const print = Command.make("print", {}, () => Console.log("x".repeat(300_000)))

const args = process.argv.slice(2)
const command = Command.make("toy").pipe(
  Command.withSubcommands([train, between, fail, die, crash, print]),
  Command.withGlobalFlags(globalFlags)
)
runProcess(Command.runWith(command, { version: "0.0.0" })(args), args)
