import { Command, GlobalFlag } from "effect/cli"
import { type AblateOptions, ablateCommand } from "./ablate.ts"
import { type BenchOptions, benchCommand } from "./bench.ts"
import { type CompareOptions, compareCommand } from "./compare.ts"
import { type ConformanceOptions, conformanceCommand } from "./conformance.ts"
import { type DoctorOptions, doctorCommand } from "./doctor.ts"
import { type EvaluateOptions, evaluateCommand } from "./evaluate.ts"
import { type PlotSources, plotCommand } from "./plot.ts"
import { type ProbeOptions, probeCommand } from "./probe.ts"
import { type QuickstartOptions, quickstartCommand } from "./quickstart.ts"
import { type ReportOptions, reportCommand } from "./report.ts"
import { toggle } from "./runFlags.ts"
import type { Source } from "./Source.ts"
import { type ScoreOptions, scoreCommand } from "./score.ts"
import { type TrainOptions, trainCommand } from "./train.ts"
import { type TrainRewardOptions, trainRewardCommand } from "./trainReward.ts"

/** What the commands do, by command. */
export interface Sources {
  readonly quickstart: Source<QuickstartOptions>
  readonly train: Source<TrainOptions>
  readonly trainReward: Source<TrainRewardOptions>
  readonly evaluate: Source<EvaluateOptions>
  readonly score: Source<ScoreOptions>
  readonly probe: Source<ProbeOptions>
  readonly doctor: Source<DoctorOptions>
  readonly plot: PlotSources
  readonly bench: Source<BenchOptions>
  readonly conformance: Source<ConformanceOptions>
  readonly report: Source<ReportOptions>
  readonly compare: Source<CompareOptions>
  readonly ablate: Source<AblateOptions>
}

/** `--debug` and `--no-color` are read where errors are printed, before and whether or not the arguments parse. */
export const globalFlags = [
  GlobalFlag.Setting("debug")({ flag: toggle("debug", "Show the stack of an error") }),
  GlobalFlag.Setting("no-color")({ flag: toggle("no-color", "No colours, as with NO_COLOR=1") })
] as const

/** The command tree of `rewardflow`. `args` are the words it is called with, for the line that says how to go on. */
export const root = (sources: Sources, args: ReadonlyArray<string>) =>
  Command.make("rewardflow").pipe(
    Command.withDescription("Learns reasoning reward models for language models from expert demonstrations"),
    Command.withSubcommands([
      quickstartCommand(sources.quickstart, args),
      trainCommand(sources.train, args).pipe(Command.withSubcommands([trainRewardCommand(sources.trainReward, args)])),
      evaluateCommand(sources.evaluate),
      scoreCommand(sources.score),
      probeCommand(sources.probe),
      doctorCommand(sources.doctor),
      reportCommand(sources.report),
      plotCommand(sources.plot, args),
      compareCommand(sources.compare),
      ablateCommand(sources.ablate, args),
      benchCommand(sources.bench),
      conformanceCommand(sources.conformance)
    ]),
    Command.withGlobalFlags(globalFlags)
  )
