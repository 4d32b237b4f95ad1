export * as Checkpoint from "./Checkpoint.ts"
export type { BestBy, DurableOptions } from "./Durable.ts"
export * as Durable from "./Durable.ts"
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
export * as RunDirectory from "./RunDirectory.ts"
export type { Json, Metrics, Snapshot, Stage } from "./Stage.ts"
export * as StopSignals from "./StopSignal.ts"
export { type StopControl, StopSignal } from "./StopSignal.ts"
export type { Observer, TrainEvent } from "./TrainEvent.ts"
