import { Effect, Result } from "effect"
import { CliError, Command, Flag } from "effect/cli"
import { type GranularityChoice, parseGranularity } from "./GranularityChoice.ts"
import { resumable, resumeCommand } from "./resumable.ts"
import { maybe, type RunOptions, runFlags, wholeNumber } from "./runFlags.ts"
import { runOutput } from "./runOutput.ts"
import type { Source } from "./Source.ts"
import { UsageError } from "./usage.ts"

/** What `rewardflow train reward` was asked for; `undefined` leaves the choice to the experiment. */
export interface TrainRewardOptions extends RunOptions {
  /** JSONL files of expert traces, at least one. */
  readonly demonstrations: ReadonlyArray<string>
  /** JSONL files of policy traces; without any, negatives are perturbed demonstrations alone. */
  readonly rollouts: ReadonlyArray<string>
  /** `tokenizer.json`; without one, a vocabulary is learned from the files. */
  readonly tokenizer: string | undefined
  readonly granularity: GranularityChoice
  readonly stepRule: "sentences" | "lines"
  readonly steps: number | undefined
  readonly batchSize: number | undefined
  readonly learningRate: number | undefined
}

const granularity = Flag.String("granularity").pipe(
  Flag.mapEffect((value) =>
    Result.match(parseGranularity(value), {
      onSuccess: (choice) => Effect.succeed(choice),
      onFailure: (expected) =>
        Effect.fail(new CliError.InvalidValue({ option: "granularity", value, expected, kind: "flag" }))
    })
  ),
  Flag.withDefault<GranularityChoice>({ _tag: "stepwise" }),
  Flag.withMetavar("sparse|stepwise|interval:N|dense"),
  Flag.withDescription("Which tokens carry a reward; stepwise by default")
)

const positive = (name: string) =>
  Flag.Finite(name).pipe(
    Flag.mapEffect((value) =>
      value > 0
        ? Effect.succeed(value)
        : Effect.fail(
            new CliError.InvalidValue({ option: name, value: String(value), expected: "more than 0", kind: "flag" })
          )
    )
  )

/** `rewardflow train reward`. */
export const trainRewardCommand = (source: Source<TrainRewardOptions>, args: ReadonlyArray<string>) =>
  Command.make(
    "reward",
    {
      demonstrations: Flag.File("demonstrations", { mustExist: true }).pipe(
        Flag.atLeast(1),
        Flag.withMetavar("FILE"),
        Flag.withDescription("JSONL of expert traces; may be given several times")
      ),
      rollouts: Flag.File("rollouts", { mustExist: true }).pipe(
        Flag.atLeast(0),
        Flag.withMetavar("FILE"),
        Flag.withDescription("JSONL of policy traces; may be given several times")
      ),
      tokenizer: maybe(Flag.File("tokenizer", { mustExist: true })).pipe(
        Flag.withMetavar("FILE"),
        Flag.withDescription("tokenizer.json; without one, a vocabulary is learned from the files")
      ),
      granularity,
      stepRule: Flag.Literals("step-rule", ["sentences", "lines"]).pipe(
        Flag.withDefault("sentences" as const),
        Flag.withDescription("What ends a step: sentences (and lines), or lines alone")
      ),
      steps: maybe(wholeNumber("steps", 1)).pipe(Flag.withMetavar("N"), Flag.withDescription("Critic updates")),
      batchSize: maybe(wholeNumber("batch-size", 1)).pipe(Flag.withMetavar("N"), Flag.withDescription("Traces a step")),
      learningRate: maybe(positive("learning-rate")).pipe(Flag.withDescription("Highest learning rate")),
      ...runFlags
    },
    Effect.fnUntraced(function* (flags) {
      if (flags.resume && flags.overwrite) {
        return yield* new UsageError({
          reason: "--resume keeps the run and --overwrite replaces it: give one of them."
        })
      }
      const output = yield* runOutput("reward", flags.output, flags.resume)
      const handler = yield* Effect.promise(source)
      yield* handler({ ...flags, output }).pipe(resumable(resumeCommand(args, output, process.env)))
    })
  ).pipe(
    Command.withDescription("Learns a reward from files of demonstrations and rollouts, without sampling"),
    Command.withExamples([
      {
        command: "rewardflow train reward --demonstrations expert.jsonl --rollouts policy.jsonl --granularity dense",
        description: "A reward for every token"
      }
    ])
  )
