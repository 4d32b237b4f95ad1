import { Config, Effect, Layer, Option, Redacted, type Scope } from "effect"
import type { HttpClient } from "effect/http"
import { type Form, formOf, rejected } from "../../core/sampling/index.ts"
import {
  BadSamplingOptions,
  PromptRejected,
  type Sampled,
  type SampleError,
  type SampleRequest,
  Sampler,
  SamplerFailure,
  type SamplingOptions
} from "../../core/service/index.ts"
import { type AdapterOptions, make as makeAdapters } from "./Adapters.ts"
import { make as connect } from "./Connection.ts"
import { complete, type Source } from "./complete.ts"
import { groupsOf, SPACING } from "./completionRequest.ts"
import { servedAs } from "./models.ts"

/** An inference server, and how much is asked of it. */
export interface ServerOptions {
  /** http://HOST:PORT, without /v1. */
  readonly url: string
  /** The name under which the base model is served, or an adapter that does not change. */
  readonly model: string
  /** Ids below it can be drawn: the tokenizer's size. */
  readonly vocabulary: number
  /** Loads the versions of a policy under training; without it the server can follow none. */
  readonly adapters?: AdapterOptions
  /**
   * What the server reports (vLLM: --logprobs-mode): log-probabilities of the model itself, "raw", the default, or those
   * of the distribution drawn from, "processed", which temperatures other than 1 and filters need.
   */
  readonly logProbs?: "raw" | "processed"
  /**
   * Whether the model's own log-probabilities are enough, as where nothing is learned from the completions; false by
   * default. Then a server that reports "raw" draws at any temperature and filter, and what is not known is NaN.
   */
  readonly modelOnly?: boolean
  /** Longest prompt with its completion, in tokens; by default what the server allows. */
  readonly contextLength?: number
  /** Most requests at once, 32 by default. */
  readonly concurrency?: number
  /** Milliseconds from the first attempt of a request to its answer, retries included; 600 000 by default. */
  readonly deadline?: number
  /** The environment's variable with the server's key, "VLLM_API_KEY" by default; without it none is sent. */
  readonly apiKeyVariable?: string
}

/** vLLM raises temperatures between 0 and this to it. */
const COLDEST = 0.01

const isPlain = (form: Form): boolean =>
  !(form.greedy || form.penalised || form.tempered || form.topK > 0 || form.topP || form.minP)

const sourceOf = (
  form: Form,
  { temperature }: SamplingOptions,
  { logProbs: reported = "raw", modelOnly = false }: ServerOptions
): Source | BadSamplingOptions => {
  if (temperature > 0 && temperature < COLDEST) {
    return new BadSamplingOptions({
      option: "temperature",
      reason: `${temperature}: an inference server raises it to ${COLDEST} unasked. Use 0 (greedy), or ${COLDEST} and more.`
    })
  }
  if (isPlain(form)) return "answer"
  if (reported === "processed") return "second"
  if (form.greedy) return "certain"
  if (modelOnly) return "model"
  return new BadSamplingOptions({
    option: form.tempered ? "temperature" : "filters",
    reason:
      'a server that reports raw log-probs does not tell those of the distribution drawn from. Start it with --logprobs-mode processed_logprobs and set `logProbs: "processed"`, or sample at temperature 1 without filters.'
  })
}

/** Spaced seeds beyond it leave the integers that JSON numbers hold exactly. */
const LARGEST_SEED = 2 ** 52 / SPACING

const badSeed = (requests: ReadonlyArray<SampleRequest>): PromptRejected | undefined => {
  const index = requests.findIndex(({ seed }) => !(Number.isInteger(seed) && seed >= 0 && seed < LARGEST_SEED))
  return index < 0
    ? undefined
    : new PromptRejected({ index, reason: `its seed ${requests[index]!.seed} is no integer in 0..2^44 - 1.` })
}

const addressOf = (url: string): Effect.Effect<string, SamplerFailure> => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const plain = parsed !== undefined && /^https?:$/.test(parsed.protocol) && parsed.username + parsed.password === ""
  const fix = "Give http://HOST:PORT, with the key in the environment, never in the address."
  return plain
    ? Effect.succeed(url.replace(/\/+$/, "").replace(/\/v1$/, ""))
    : Effect.fail(new SamplerFailure({ sampler: "server", kind: "refused", reason: "its address cannot be used", fix }))
}

/** A sampler that asks the server at `options.url`. @see specs/54-inference-server.md */
export const make = Effect.fn("Server.make")(function* (
  options: ServerOptions
): Effect.fn.Return<Sampler["Service"], SamplerFailure, HttpClient.HttpClient | Scope.Scope> {
  const { model, vocabulary, concurrency = 32, deadline = 600_000 } = options
  const { apiKeyVariable = "VLLM_API_KEY" } = options
  const apiKey = yield* Config.option(Config.Redacted(apiKeyVariable)).pipe(
    Effect.orElseSucceed(Option.none<Redacted.Redacted>)
  )
  const connection = yield* connect({
    url: yield* addressOf(options.url),
    apiKey: Option.getOrUndefined(Option.filter(apiKey, (key) => Redacted.value(key).trim() !== "")),
    apiKeyVariable,
    concurrency,
    deadline
  })
  const { max_model_len } = yield* servedAs(connection, model)
  const contextLength = Math.min(
    options.contextLength ?? Number.POSITIVE_INFINITY,
    max_model_len ?? Number.POSITIVE_INFINITY
  )
  const adapters = options.adapters === undefined ? undefined : yield* makeAdapters(connection, model, options.adapters)

  const sample = Effect.fn("Server.sample")(function* (
    requests: ReadonlyArray<SampleRequest>,
    sampling: SamplingOptions
  ): Effect.fn.Return<ReadonlyArray<Sampled>, SampleError> {
    const form = yield* Effect.fromResult(formOf(sampling, vocabulary))
    const source = sourceOf(form, sampling, options)
    if (typeof source !== "string") return yield* source
    // A sequence that is read a second time needs room for the token that the reading ends with.
    const room = source === "second" ? contextLength - 1 : contextLength
    const refusal = rejected(requests, room, vocabulary) ?? badSeed(requests)
    if (refusal !== undefined) return yield* refusal
    const name = adapters === undefined ? model : yield* adapters.current
    const groups = groupsOf(requests)
    const answers = yield* Effect.forEach(
      groups,
      (group) => {
        const maxTokens = Math.min(sampling.maxTokens, room - group.prompt.length)
        return complete(connection, { model: name, group, sampling: { ...sampling, maxTokens }, vocabulary, source })
      },
      { concurrency }
    )
    const sampled = new Array<Sampled>(requests.length)
    for (const [g, { members }] of groups.entries()) {
      for (const [i, member] of members.entries()) sampled[member] = answers[g]![i]!
    }
    return sampled
  })

  return {
    sample,
    follow: (version, params) =>
      adapters !== undefined
        ? Effect.flatMap(params, (tensors) => adapters.load(version, tensors))
        : connection.failure({
            kind: "model",
            reason: `it cannot follow the policy to version ${version}: it serves "${model}" as it is`,
            fix: "Set `adapters`, so that every version is loaded before it is sampled."
          })
  }
})

/**
 * The sampler of an inference server as a Layer, over an `HttpClient`. That of fetch gives up on answers whose head takes
 * more than 300 s under Node; that of `@effect/platform-node`, over node:http, does not.
 */
export const layer = (options: ServerOptions): Layer.Layer<Sampler, SamplerFailure, HttpClient.HttpClient> =>
  Layer.effect(Sampler, make(options))
