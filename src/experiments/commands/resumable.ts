import { Console, Data, Effect, Runtime } from "effect"
import { Interrupted } from "../../core/run/index.ts"

/** The words by which a user calls this program: through an npm script or directly. */
const program = (env: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> => {
  switch (env["npm_lifecycle_event"]) {
    case "start":
      return ["npm", "start", "--"]
    case "rewardflow":
      return ["npm", "run", "-s", "rewardflow", "--"]
    default:
      return ["rewardflow"]
  }
}

const quoted = (word: string): string => (/^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** The command that goes on with a run: what was typed, to resume and in the directory that was chosen. */
export const resumeCommand = (
  args: ReadonlyArray<string>,
  output: string,
  env: Readonly<Record<string, string | undefined>>
): string => {
  // `npm start` has the command's name in the script already.
  const typed = env["npm_lifecycle_event"] === "start" ? args.slice(1) : args
  const kept = typed.filter((word) => word !== "--overwrite" && word !== "--resume")
  const named = kept.some((word) => word === "--output" || word.startsWith("--output="))
  return [...program(env), ...kept, ...(named ? [] : ["--output", output]), "--resume"].map(quoted).join(" ")
}

/** A run that was stopped and can go on. */
export class Stopped extends Data.TaggedError("Stopped")<{ readonly reason: Interrupted; readonly command: string }> {
  override readonly [Runtime.errorExitCode] = this.reason[Runtime.errorExitCode]
  override get message(): string {
    const { stage, step, steps } = this.reason
    return `Stopped in stage ${stage} after step ${step} of ${steps}; everything up to there is saved. Continue with:\n  ${this.command}`
  }
}

/** Says how to go on with a run that the user stops, whether within a stage or between two. */
export const resumable =
  (command: string) =>
  <E, R>(run: Effect.Effect<void, E, R>): Effect.Effect<void, E | Stopped, R> =>
    run.pipe(
      Effect.mapError((error) => (error instanceof Interrupted ? new Stopped({ reason: error, command }) : error)),
      Effect.onInterrupt(() => Console.error(`Stopped between checkpoints. Continue with:\n  ${command}`))
    )
