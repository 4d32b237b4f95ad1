export { nearestName } from "../../core/config/index.ts"
export { type AblateOptions, type AblationAxis, ablationAxes } from "./ablate.ts"
export type { BenchOptions } from "./bench.ts"
export type { CompareOptions } from "./compare.ts"
export type { ConformanceOptions } from "./conformance.ts"
export type { DoctorOptions } from "./doctor.ts"
export type { EvaluateOptions } from "./evaluate.ts"
export { type GranularityChoice, granularityName, parseGranularity } from "./GranularityChoice.ts"
export {
  type PlotMainOptions,
  type PlotPairsOptions,
  type PlotSources,
  type PlotTransferOptions,
  plotCommand
} from "./plot.ts"
export type { ProbeOptions } from "./probe.ts"
export { type QuickstartOptions, quickstartTasks } from "./quickstart.ts"
export type { ReportOptions } from "./report.ts"
export { resumable, resumeCommand } from "./resumable.ts"
export type { RewardFlags } from "./rewardFlags.ts"
export { globalFlags, root, type Sources } from "./root.ts"
export type { RunOptions } from "./runFlags.ts"
export { runOutput } from "./runOutput.ts"
export { exitCode, report, runProcess } from "./runProcess.ts"
export type { Handler, Source } from "./Source.ts"
export type { ScoreOptions } from "./score.ts"
export { type TrainJob, type TrainOptions, trainCommand } from "./train.ts"
export type { TrainRewardOptions } from "./trainReward.ts"
export { presenter, UsageError } from "./usage.ts"
export { version } from "./version.ts"
