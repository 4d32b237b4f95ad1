import { availableParallelism } from "node:os"
import { Effect } from "effect"
import { Argument, CliError, Command, Flag } from "effect/cli"
import { maybe, toggle, wholeNumber } from "./runFlags.ts"
import type { Source } from "./Source.ts"
import { UsageError } from "./usage.ts"

/** What both kinds of `rewardflow plot` were asked for. */
export interface PlotOptions {
  readonly config: string
  readonly ckpt: string | undefined
  readonly outputRoot: string | undefined
  /** All domains of the specification where there are none. */
  readonly domains: ReadonlyArray<string>
  readonly numGenerations: number
  /** `auto` or the name of a selector. */
  readonly selectorMode: string
  readonly allowMissing: boolean
  readonly json: boolean
}

/** What `rewardflow plot main` was asked for. */
export interface PlotMainOptions extends PlotOptions {
  readonly models: ReadonlyArray<string>
  readonly variants: ReadonlyArray<string>
  readonly guidedMethod: string
  readonly runTemplates: Readonly<Record<"airl" | "sft" | "grpo", string>>
  readonly fileTemplates: Readonly<Record<"airl" | "sft" | "grpo", string | undefined>>
  readonly rerankingGenerations: ReadonlyArray<number>
  readonly tokenFigures: boolean
  readonly workers: number
  readonly debug: boolean
}

/** What `rewardflow plot transfer` was asked for. */
export type PlotTransferOptions = PlotOptions

/** What `rewardflow plot pairs` was asked for. */
export interface PlotPairsOptions {
  /** Clean traces and their copies with an error. */
  readonly pairs: string
  /** Files of their traces with rewards, one a critic. */
  readonly scored: ReadonlyArray<{ readonly label: string; readonly file: string }>
  readonly outputRoot: string | undefined
  /** As scored, or z-scores of what is usual at their relative place, smoothed. */
  readonly values: "raw" | "z"
  /** Pairs that are drawn; what is counted is counted over all. */
  readonly limit: number
  readonly allowMissing: boolean
  readonly json: boolean
}

const words = (text: string): ReadonlyArray<string> => text.split(",").flatMap((word) => word.trim() || [])

const list = (name: string, description: string) =>
  maybe(Flag.String(name)).pipe(
    Flag.map((text) => words(text ?? "")),
    Flag.withMetavar("A,B"),
    Flag.withDescription(description)
  )

const template = (name: string, description: string) =>
  maybe(Flag.String(name)).pipe(Flag.withMetavar("TEMPLATE"), Flag.withDescription(description))

const shared = {
  config: Flag.File("config").pipe(Flag.withMetavar("SPEC"), Flag.withDescription("YAML file that says what to draw")),
  ckpt: maybe(Flag.String("ckpt")).pipe(Flag.withDescription("Checkpoint folder within runs, best_model by default")),
  outputRoot: maybe(Flag.Directory("output-root")).pipe(Flag.withDescription("Instead of the specification's folder")),
  domains: list("domains", "Only these domains of the specification"),
  numGenerations: wholeNumber("num-generations", 1).pipe(
    Flag.withDefault(16),
    Flag.withDescription("Completions used of each prompt, 16 by default")
  ),
  selectorMode: maybe(Flag.String("selector-mode")).pipe(
    Flag.withDescription("From token rewards to a trace score: auto, mean, min, discounted, ...; or PLOT_SELECTOR_MODE")
  ),
  allowMissing: toggle("allow-missing", "Succeed although result files are missing"),
  json: toggle("json", "Print what was drawn as JSON on standard output")
}

const runTemplate = "Name of a run from {domain}, {model}, {variant}, {method}"
const fileTemplate = "Name of a result file from the same"

const mainFlags = {
  ...shared,
  models: list("models", "Draw these models, with --variants, in place of the specification's experiments"),
  variants: list("variants", "Variants of the reward, e.g. dense,sparse"),
  guidedMethod: Flag.String("guided-method").pipe(
    Flag.withDefault("none"),
    Flag.withDescription("What {method} stands for in templates: none, topk or chunk")
  ),
  airlRun: template("airl-run-template", `${runTemplate}; {model}_{variant} by default`),
  sftRun: template("sft-run-template", `${runTemplate}; {model}_sft by default`),
  grpoRun: template("grpo-run-template", `${runTemplate}; {model}_grpo by default`),
  airlFile: template("airl-file-template", fileTemplate),
  sftFile: template("sft-file-template", fileTemplate),
  grpoFile: template("grpo-file-template", fileTemplate),
  rerankingGenerations: list(
    "reranking-generations",
    "Numbers of completions that are reranked, 2,3,5,8,16 by default"
  ),
  noTokenFigs: toggle("no-token-figs", "No heatmaps of tokens"),
  workers: maybe(wholeNumber("workers", 1)).pipe(
    Flag.withDescription("Runs drawn at once, one a core by default; one after the other with --debug")
  )
}

const pairsFlags = {
  pairs: Argument.File("pairs", { mustExist: true }).pipe(
    Argument.withDescription("JSONL of pairs: clean_text, and pert_text or wrong_text")
  ),
  scored: list("scored", "The pairs' traces with rewards, a file a critic; none: only write the traces").pipe(
    Flag.withMetavar("LABEL=FILE,..."),
    Flag.mapEffect((entries) => {
      const parts = entries.map((entry) => /^([^=]+)=(.+)$/.exec(entry))
      return parts.every((part) => part !== null)
        ? Effect.succeed(parts.map(([, label, file]) => ({ label: label!, file: file! })))
        : Effect.fail(
            new CliError.InvalidValue({
              option: "scored",
              value: entries.join(","),
              expected: "LABEL=FILE,LABEL=FILE",
              kind: "flag"
            })
          )
    })
  ),
  outputRoot: shared.outputRoot.pipe(Flag.withDescription("Where a folder pairs is made, ./figures by default")),
  values: Flag.Literals("values", ["raw", "z"]).pipe(
    Flag.withDefault("raw" as const),
    Flag.withDescription("Rewards as scored, or z-scores by relative place, smoothed")
  ),
  limit: wholeNumber("limit", 0).pipe(
    Flag.withDefault(5),
    Flag.withDescription("Pairs that are drawn, 5 by default; tables count all")
  ),
  allowMissing: toggle("allow-missing", "Succeed although traces have no rewards"),
  json: toggle("json", "Print where each critic sees the error as JSON on standard output")
}

const counts = (texts: ReadonlyArray<string>): ReadonlyArray<number> | UsageError => {
  const bad = texts.find((text) => !/^[1-9]\d*$/.test(text))
  if (bad !== undefined)
    return new UsageError({ reason: `--reranking-generations takes numbers such as 2,8,16, not ${bad}.` })
  return texts.length === 0 ? [2, 3, 5, 8, 16] : texts.map(Number)
}

const modeOf = (asked: string | undefined): string => asked ?? process.env["PLOT_SELECTOR_MODE"] ?? "auto"

/** The kinds of `rewardflow plot`. */
export interface PlotSources {
  readonly main: Source<PlotMainOptions>
  readonly transfer: Source<PlotTransferOptions>
  readonly pairs: Source<PlotPairsOptions>
}

/** `rewardflow plot main`, `transfer` and `pairs`. `--debug` draws one run after the other. */
export const plotCommand = ({ main, transfer, pairs }: PlotSources, args: ReadonlyArray<string>) =>
  Command.make("plot").pipe(
    Command.withDescription("Draws figures and tables from result files, as a specification says"),
    Command.withSubcommands([
      Command.make(
        "main",
        mainFlags,
        Effect.fnUntraced(function* ({ noTokenFigs, workers, rerankingGenerations, selectorMode, ...flags }) {
          const { airlRun, sftRun, grpoRun, airlFile, sftFile, grpoFile, ...rest } = flags
          const ns = counts(rerankingGenerations)
          if (ns instanceof UsageError) return yield* ns
          const handler = yield* Effect.promise(main)
          yield* handler({
            ...rest,
            runTemplates: {
              airl: airlRun ?? "{model}_{variant}",
              sft: sftRun ?? "{model}_sft",
              grpo: grpoRun ?? "{model}_grpo"
            },
            fileTemplates: { airl: airlFile, sft: sftFile, grpo: grpoFile },
            rerankingGenerations: ns,
            selectorMode: modeOf(selectorMode),
            tokenFigures: !noTokenFigs,
            workers: workers ?? availableParallelism(),
            debug: args.includes("--debug")
          })
        })
      ).pipe(
        Command.withDescription("pass@k, reranking, distributions, calibration and token heatmaps of runs"),
        Command.withExamples([
          { command: "rewardflow plot main --config configs/figures/example.yaml", description: "All runs of a file" }
        ])
      ),
      Command.make(
        "transfer",
        shared,
        Effect.fnUntraced(function* ({ selectorMode, ...flags }) {
          const handler = yield* Effect.promise(transfer)
          yield* handler({ ...flags, selectorMode: modeOf(selectorMode) })
        })
      ).pipe(Command.withDescription("How rewards learned on one data set rank completions for another")),
      Command.make(
        "pairs",
        pairsFlags,
        Effect.fnUntraced(function* (options) {
          const handler = yield* Effect.promise(pairs)
          yield* handler(options)
        })
      ).pipe(
        Command.withDescription("Rewards of clean traces beside those of their copies with an error, token by token"),
        Command.withExamples([
          {
            command: "rewardflow plot pairs pairs.jsonl --scored sparse=sparse.jsonl,dense=dense.jsonl",
            description: "After rewardflow score on the traces that a first call writes"
          }
        ])
      )
    ])
  )
