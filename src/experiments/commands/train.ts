import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { printConfig, printRunConfig, type RunConfig } from "../../core/config/index.ts"
import type { Job } from "../configure/index.ts"
import { configFlags, configuredJobs } from "./configFlags.ts"
import { resumable, resumeCommand } from "./resumable.ts"
import { maybe, type RunOptions, runFlags, toggle } from "./runFlags.ts"
import { runOutput } from "./runOutput.ts"
import type { Source } from "./Source.ts"
import { UsageError } from "./usage.ts"

/** One configuration to train, with a run directory of its own. */
export interface TrainJob {
  /** What tells it from the others of its sweep, `training.beta=0.1`; empty where there is one. */
  readonly name: string
  readonly output: string
  readonly config: RunConfig
  /** The configuration as YAML, each value with where it came from. */
  readonly configText: string
}

/** What `rewardflow train` was asked for. */
export interface TrainOptions extends Omit<RunOptions, "seed"> {
  readonly jobs: ReadonlyArray<TrainJob>
  /** Whether the jobs are a sweep, whose runs end in one table. */
  readonly sweep: boolean
}

const printed = ({ composed, decoded }: Job, resolve: boolean): string =>
  resolve ? printRunConfig(decoded.tree) : printConfig(composed)

const { seed: _, ...flags } = runFlags

/** Why nothing can be trained without a configuration's name: most likely a subcommand was mistyped. */
const nameless = ([word]: ReadonlyArray<string>): UsageError =>
  new UsageError({
    reason:
      word === undefined || word.includes("=")
        ? "Say which configuration to start from: --config-name NAME, e.g. tiny_airl."
        : `Unknown command ${word}. Did you mean reward?`
  })

/** `rewardflow train --config-name NAME key=value ...`: composes, checks, and hands each job to the handler. */
export const trainCommand = (source: Source<TrainOptions>, args: ReadonlyArray<string>) =>
  Command.make(
    "train",
    {
      cfg: maybe(Flag.Literals("cfg", ["job"])).pipe(
        Flag.withDescription("Print the configuration with where each value came from, and train nothing")
      ),
      resolve: toggle("resolve", "With --cfg: interpolations replaced and defaults filled in"),
      multirun: toggle("multirun", "Run every combination of values that are given as a,b or range(...)").pipe(
        Flag.withAlias("m")
      ),
      ...configFlags,
      ...flags
    },
    Effect.fnUntraced(function* (options) {
      const { configName, configPath, overrides, multirun, dropRejected, cfg, resolve, ...run } = options
      if (configName === undefined) return yield* nameless(overrides)
      if (run.resume && run.overwrite) {
        return yield* new UsageError({
          reason: "--resume keeps the run and --overwrite replaces it: give one of them."
        })
      }
      if (resolve && cfg === undefined) {
        return yield* new UsageError({ reason: "--resolve belongs to --cfg job, which prints the configuration." })
      }
      const jobs = yield* configuredJobs({ configName, configPath, overrides, multirun, dropRejected })
      if (cfg !== undefined) {
        const texts = jobs.map((job) => `${multirun ? `# job ${job.name}\n` : ""}${printed(job, resolve)}`)
        return yield* Console.log(texts.join("---\n").trimEnd())
      }
      const handler = yield* Effect.promise(source)
      const wanted = run.output ?? jobs[0]!.decoded.config.training.output_dir ?? undefined
      const output = yield* runOutput(configName.replaceAll("/", "-"), wanted, run.resume)
      yield* handler({
        ...run,
        output,
        sweep: multirun,
        jobs: jobs.map((job, i) => ({
          name: job.name,
          output: multirun ? `${output}/${i}` : output,
          config: job.decoded.config,
          configText: printRunConfig(job.decoded.tree)
        }))
      }).pipe(resumable(resumeCommand(args, output, process.env)))
    })
  ).pipe(
    Command.withDescription("Trains what a configuration says, in Hydra's grammar"),
    Command.withExamples([
      { command: "rewardflow train --config-name tiny_airl training.beta=0.1", description: "One key changed" },
      { command: "rewardflow train --config-name tiny_airl seed=1,2,3 -m", description: "Three runs" }
    ])
  )
