import { Effect, Result } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import { type GranularityChoice, parseGranularity } from "./GranularityChoice.ts"
import { maybe, runFlags, toggle, wholeNumber } from "./runFlags.ts"
import type { Source } from "./Source.ts"
import { UsageError } from "./usage.ts"

/** What `rewardflow score` was asked for. */
export interface ScoreOptions {
  /** Result rows whose traces are scored. */
  readonly file: string
  readonly mode: "reward" | "policy"
  /** A model's folder, a run's directory, or a repository of the hub. */
  readonly model: string
  readonly output: string
  readonly label: string | undefined
  readonly granularity: GranularityChoice
  readonly stepRule: "sentences" | "lines"
  readonly clip: readonly [low: number, high: number] | undefined
  readonly rewardMode: "mean_g" | "mean_f" | "mean_g_plus_shape"
  /** Tokens whose logits are held at once. */
  readonly logitChunk: number | undefined
  readonly backend: string
  readonly threads: number | undefined
  readonly overwrite: boolean
  readonly json: boolean
}

const invalid = (option: string, value: string, expected: string) =>
  Effect.fail(new CliError.InvalidValue({ option, value, expected, kind: "flag" }))

/** How a reward model's tokens become rewards, for commands that read one without its run's configuration. */
export const rewardFlags = {
  granularity: Flag.String("granularity").pipe(
    Flag.mapEffect((value) =>
      Result.match(parseGranularity(value), {
        onSuccess: (choice) => Effect.succeed(choice),
        onFailure: (expected) => invalid("granularity", value, expected)
      })
    ),
    Flag.withDefault<GranularityChoice>({ _tag: "stepwise" }),
    Flag.withMetavar("sparse|stepwise|interval:N|dense"),
    Flag.withDescription("Which tokens carry a reward; stepwise by default")
  ),
  stepRule: Flag.Literals("step-rule", ["sentences", "lines"]).pipe(
    Flag.withDefault("sentences" as const),
    Flag.withDescription("What ends a step: sentences (and lines), or lines alone")
  )
} as const

const { backend, threads, json } = runFlags

/** `rewardflow score FILE --mode reward|policy --model NAME` */
export const scoreCommand = (source: Source<ScoreOptions>) =>
  Command.make(
    "score",
    {
      file: Argument.File("file", { mustExist: true }).pipe(Argument.withDescription("JSONL of result rows")),
      mode: Flag.Literals("mode", ["reward", "policy"]).pipe(Flag.withDescription("By which kind of model")),
      model: Flag.String("model").pipe(
        Flag.withMetavar("NAME"),
        Flag.withDescription("A run's directory, a model's folder, or ORGANISATION/NAME of the hub")
      ),
      output: maybe(Flag.String("output")).pipe(
        Flag.withMetavar("FILE"),
        Flag.withDescription("The scored rows, .jsonl; FILE.<mode>.jsonl by default")
      ),
      label: maybe(Flag.String("label")).pipe(Flag.withDescription("Goes into every row as score_label")),
      ...rewardFlags,
      clip: maybe(Flag.String("clip")).pipe(
        Flag.mapEffect((text) => {
          if (text === undefined) return Effect.succeed(undefined)
          const [low, high, ...rest] = text.split(",").map(Number)
          return rest.length === 0 && Number.isFinite(low) && Number.isFinite(high) && low! < high!
            ? Effect.succeed([low!, high!] as const)
            : invalid("clip", text, "LOW,HIGH, the lower first")
        }),
        Flag.withMetavar("LOW,HIGH"),
        Flag.withDescription("Range that rewards are clamped to; none by default")
      ),
      rewardMode: Flag.Literals("reward-mode", ["mean_f", "mean_g", "mean_g_plus_shape"]).pipe(
        Flag.withDefault("mean_f" as const),
        Flag.withDescription("What a segment critic's segments are worth")
      ),
      logitChunk: maybe(wholeNumber("logit-chunk", 1)).pipe(
        Flag.withMetavar("N"),
        Flag.withDescription("Tokens whose logits a policy holds at once; results do not depend on it")
      ),
      backend,
      threads,
      overwrite: toggle("overwrite", "Replace the scores that lie there, in place of going on with them"),
      json
    },
    Effect.fnUntraced(function* ({ output, ...options }) {
      const place = output ?? `${options.file.replace(/\.jsonl(\.gz)?$/, "")}.${options.mode}.jsonl`
      if (!place.endsWith(".jsonl") || place === options.file)
        return yield* new UsageError({
          reason: `--output ${place}: give another name than the traces', ending in .jsonl.`
        })
      const handler = yield* Effect.promise(source)
      yield* handler({ ...options, output: place })
    })
  ).pipe(
    Command.withDescription("Scores the traces of a file by one model, whatever the file's size"),
    Command.withExamples([
      {
        command: "rewardflow score eval_results.jsonl --mode reward --model runs/tiny_airl",
        description: "Rewards of every row, and a summary beside them"
      }
    ])
  )
