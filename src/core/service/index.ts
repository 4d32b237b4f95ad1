export { Backend, type CompileOptions, type Executable, type Memory, type RunOptions, type Feeds } from "./Backend.ts"
export { BackendFailure, BadFeed, NonFinite, type RunError, UnsupportedOp } from "./errors.ts"
export {
  BadSamplingOptions,
  PromptRejected,
  type Sampled,
  type SampleError,
  type SampleRequest,
  Sampler,
  type SamplingOptions
} from "./Sampler.ts"
