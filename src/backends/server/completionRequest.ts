import type { SampleRequest, SamplingOptions } from "../../core/service/index.ts"

/** Requests of one prompt that are one call of the server. */
export interface Group {
  readonly prompt: ReadonlyArray<number>
  /** Indices of the requests: completion i of the answer is that of `members[i]`. */
  readonly members: ReadonlyArray<number>
  /** Completion i is drawn with seed + i. */
  readonly seed: number
}

/** Most completions of one call, and the distance between the seeds of two calls. */
export const SPACING = 256

/**
 * Requests of equal prompts together, in their order, at most `SPACING` of them.
 *
 * The server draws completion i of a call with its seed + i, so that seeds of calls are multiples of `SPACING`: that of
 * the first request times `SPACING`, or the next one that no earlier group has. No two completions share a seed.
 */
export const groupsOf = (requests: ReadonlyArray<SampleRequest>): ReadonlyArray<Group> => {
  const taken = new Set<number>()
  return [...Map.groupBy(requests.keys(), (i) => requests[i]!.prompt.join()).values()]
    .flatMap((all) =>
      Array.from({ length: Math.ceil(all.length / SPACING) }, (_, k) => all.slice(k * SPACING, (k + 1) * SPACING))
    )
    .map((members) => {
      const { prompt, seed: first } = requests[members[0]!]!
      let seed = first
      while (taken.has(seed)) seed++
      taken.add(seed)
      return { prompt, members, seed: seed * SPACING }
    })
}

/**
 * The body of a completion request. Nothing is left to defaults, which come from the served model's generation
 * configuration; the model's own end tokens end a completion only where they are among `stopIds`.
 */
export const completionRequest = (
  model: string,
  { prompt, seed }: Group,
  n: number,
  options: SamplingOptions
): object => ({
  model,
  prompt,
  n,
  seed,
  max_tokens: options.maxTokens,
  min_tokens: 0,
  temperature: options.temperature,
  top_p: options.topP,
  top_k: options.topK,
  min_p: options.minP,
  repetition_penalty: options.repetitionPenalty,
  presence_penalty: 0,
  frequency_penalty: 0,
  stop: [],
  stop_token_ids: options.stopIds,
  ignore_eos: true,
  stream: false,
  echo: false,
  // The sampled token's own log-probability, and no other.
  logprobs: 0,
  return_token_ids: true,
  // Servers older than `return_token_ids` tell the ids by this.
  return_tokens_as_token_ids: true,
  skip_special_tokens: false
})

/** The body that asks for log-probabilities of given sequences under the model. */
export const scoreRequest = (model: string, sequences: ReadonlyArray<ReadonlyArray<number>>): object => ({
  model,
  prompt: sequences,
  n: 1,
  // One token is the least that can be asked for.
  max_tokens: 1,
  temperature: 0,
  ignore_eos: true,
  prompt_logprobs: 0
})
