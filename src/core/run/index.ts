export * as Checkpoint from "./Checkpoint.ts"
export { crc32c, maskedCrc32c } from "./crc32c.ts"
export type { BestBy, DurableOptions } from "./Durable.ts"
export * as Durable from "./Durable.ts"
export { sha256 } from "./DurableFile.ts"
export {
  type ConfigDifference,
  ConfigMismatch,
  CorruptRun,
  ForeignDirectory,
  Interrupted,
  ReadFailed,
  type RunDirectoryError,
  RunExists,
  type StopSignalName,
  UnfitJson,
  WriteFailed
} from "./errors.ts"
export * as Journal from "./Journal.ts"
export * as Progress from "./Progress.ts"
export type { PlannedStage } from "./ProgressState.ts"
export * as ProgressState from "./ProgressState.ts"
export { progressLine, progressLines } from "./progressLines.ts"
export * as RunDirectory from "./RunDirectory.ts"
export type { Screen } from "./Screen.ts"
export * as Screens from "./Screen.ts"
export type { Json, Metrics, Snapshot, Stage } from "./Stage.ts"
export { next as nextSummary, type StageSummary, summaryTable } from "./StageSummary.ts"
export * as StopSignals from "./StopSignal.ts"
export { type StopControl, StopSignal } from "./StopSignal.ts"
export * as TensorBoard from "./TensorBoard.ts"
export type { Observer, TrainEvent } from "./TrainEvent.ts"
export { type Cell, table } from "./table.ts"
export { encodeEvent, record, type TfEvent } from "./tfEvent.ts"
