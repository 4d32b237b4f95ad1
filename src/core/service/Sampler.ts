import { Context, Data, type Effect } from "effect"
import type { RunError, UnsupportedOp } from "./errors.ts"

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

/** One sequence to draw. Its result depends on this record and the options alone. */
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

/** Everything that sampling can fail with. */
export type SampleError = PromptRejected | BadSamplingOptions | RunError | UnsupportedOp

/** Draws completions from the present policy: in process, or over the wire. */
export class Sampler extends Context.Service<
  Sampler,
  {
    /** One result a request, in the order of the requests. */
    readonly sample: (
      requests: ReadonlyArray<SampleRequest>,
      options: SamplingOptions
    ) => Effect.Effect<ReadonlyArray<Sampled>, SampleError>
  }
>()("rewardflow/Sampler") {}
