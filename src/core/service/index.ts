export { Backend, type CompileOptions, type Executable, type Feeds, type Memory, type RunOptions } from "./Backend.ts"
export type { Compile } from "./Compile.ts"
export { checkFeeds, misfit } from "./checkFeeds.ts"
export {
  notHeld,
  refuseAppend,
  refuseNonFinite,
  refuseResident,
  refuseState,
  refuseWrite
} from "./checkMemory.ts"
export { BackendFailure, BadFeed, type DeviceTrouble, NonFinite, type RunError, UnsupportedOp } from "./errors.ts"
export type { LinkedFile, LinkedTensor, Links } from "./Linked.ts"
export {
  BadSamplingOptions,
  LogProbMismatch,
  PromptRejected,
  type Sampled,
  type SampleError,
  type SampleRequest,
  Sampler,
  SamplerFailure,
  type SamplingOptions
} from "./Sampler.ts"
