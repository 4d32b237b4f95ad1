import { Context, Data, type Effect } from "effect"
import type { Feeds } from "./Backend.ts"
import type { BackendFailure, BadFeed, RunError, UnsupportedOp } from "./errors.ts"

/** How to draw the next token. Filters apply in this order: repetition penalty, temperature, top-k, top-p, min-p. */
export interface SamplingOptions {
  /** > 0, or 0 for greedy: always the most likely token. */
  readonly temperature: number
  /** Keep the smallest set of most likely tokens whose probability reaches topP, in (0, 1]; 1 keeps all. */
  readonly topP: number
  /** Keep the k most likely tokens; 0 keeps all. */
  readonly topK: number
  /** Keep tokens at least minP times as likely as the most likely one, in [0, 1]. */
  readonly minP: number
  /** Divides positive and multiplies negative logits of tokens already in the sequence (Keskar et al. 2019); 1 is off. */
  readonly repetitionPenalty: number
  /** A completion ends after any of these; the stop token is part of it. */
  readonly stopIds: ReadonlyArray<number>
  /** Longest completion, in tokens. */
  readonly maxTokens: number
}

/**
 * One sequence to draw. Its result depends on this record and the options alone, where the sampler can give every
 * sequence a stream of its own.
 */
export interface SampleRequest {
  readonly prompt: ReadonlyArray<number>
  /** Names the random stream: `Rng.make(seed)`, one uniform a token. */
  readonly seed: number
}

/** A drawn completion. */
export interface Sampled {
  readonly completion: ReadonlyArray<number>
  /** log-probability of each token under the distribution it was drawn from, in nats. */
  readonly logProbs: ReadonlyArray<number>
  /** log-probability of each token under the model itself (temperature 1, no filter), in nats. */
  readonly rawLogProbs: ReadonlyArray<number>
  /** `stop` when a stop id ended it, `length` when maxTokens or the context did. */
  readonly finishReason: "stop" | "length"
}

/** A prompt that leaves no room for a completion, or holds ids outside the vocabulary. */
export class PromptRejected extends Data.TaggedError("PromptRejected")<{
  readonly index: number
  readonly reason: string
}> {
  override get message(): string {
    return `Prompt ${this.index}: ${this.reason}`
  }
}

/** Options that mean nothing, e.g. a negative temperature. */
export class BadSamplingOptions extends Data.TaggedError("BadSamplingOptions")<{
  readonly option: string
  readonly reason: string
}> {
  override get message(): string {
    return `Sampling option ${this.option}: ${this.reason}`
  }
}

/** A sampler elsewhere did not give what was asked for. */
export class SamplerFailure extends Data.TaggedError("SamplerFailure")<{
  /** As shown to people: its kind and address. */
  readonly sampler: string
  /**
   * No answer in time, after retries; the key is not accepted; the request is not; another model than the one asked for
   * answers, or it is not served; the answer is not what was asked for; the sampler gave up on a completion.
   */
  readonly kind: "unreachable" | "unauthorized" | "refused" | "model" | "answer" | "aborted"
  readonly reason: string
  readonly fix: string
}> {
  override get message(): string {
    return `${this.sampler}: ${this.reason}. ${this.fix}`
  }
}

/** Log-probabilities of a sampler and of the trainer that cannot be those of one model. */
export class LogProbMismatch extends Data.TaggedError("LogProbMismatch")<{
  /** Completion tokens compared. */
  readonly tokens: number
  /** Mean and largest |difference| a token, in nats. */
  readonly mean: number
  readonly largest: number
  /** Largest mean that is accepted. */
  readonly tolerance: number
  readonly likely: string
}> {
  override get message(): string {
    const { tokens, mean, largest, tolerance, likely } = this
    return `Sampler and trainer disagree by ${mean.toFixed(4)} nats a token (largest ${largest.toFixed(4)}, ${tokens} tokens; at most ${tolerance} is accepted). ${likely}`
  }
}

/** Everything that sampling can fail with. */
export type SampleError =
  | PromptRejected
  | BadSamplingOptions
  | SamplerFailure
  | LogProbMismatch
  | RunError
  | UnsupportedOp

/** Draws completions from the present policy: in process, or over the wire. */
export class Sampler extends Context.Service<
  Sampler,
  {
    /** One result a request, in the order of the requests. */
    readonly sample: (
      requests: ReadonlyArray<SampleRequest>,
      options: SamplingOptions
    ) => Effect.Effect<ReadonlyArray<Sampled>, SampleError>
    /**
     * Has completions drawn from these parameters from now on: the policy's `version`-th, a number that rises with every
     * change. A sampler that reads the policy's own memory has them already.
     */
    readonly follow: (
      version: number,
      params: Effect.Effect<Feeds, BackendFailure | BadFeed>
    ) => Effect.Effect<void, SampleError>
  }
>()("rewardflow/Sampler") {}
