import { Result, Schema } from "effect"
import type { Sampled } from "../../core/service/index.ts"
import type { Fault } from "./Connection.ts"

const missing = <S extends Schema.Top>(schema: S) => Schema.optional(Schema.NullOr(schema))
const Ids = Schema.Array(Schema.Int)

const Choice = Schema.Struct({
  index: Schema.Int,
  finish_reason: missing(Schema.String),
  stop_reason: missing(Schema.Union([Schema.String, Schema.Int])),
  token_ids: missing(Ids),
  prompt_token_ids: missing(Ids),
  logprobs: missing(
    Schema.Struct({
      tokens: missing(Schema.Array(Schema.String)),
      token_logprobs: Schema.Array(Schema.NullOr(Schema.Finite))
    })
  ),
  prompt_logprobs: missing(
    Schema.Array(Schema.NullOr(Schema.Record(Schema.String, Schema.Struct({ logprob: Schema.Finite }))))
  )
})
export type Choice = typeof Choice.Type

const Answer = Schema.Struct({ model: Schema.String, choices: Schema.Array(Choice) })
const decode = Schema.decodeUnknownResult(Answer)

type Read<A> = Result.Result<A, Fault>
const wrong = (reason: string, fix: string): Read<never> => Result.fail({ kind: "answer", reason, fix })

/** The choices of an answer by that very model, `n` of them, by their index. */
export const choicesOf = (json: unknown, model: string, n: number): Read<ReadonlyArray<Choice>> => {
  const decoded = decode(json)
  if (Result.isFailure(decoded)) {
    return wrong(
      `its answer is no completion (${decoded.failure.message.replace(/\s+/g, " ").slice(0, 200)})`,
      "Give the address of a server with the OpenAI completions protocol, such as vLLM."
    )
  }
  const { choices, model: answering } = decoded.success
  if (answering !== model) {
    return Result.fail({
      kind: "model",
      reason: `"${answering}" answers where "${model}" was asked`,
      fix: "Load the adapter under that name, or give the first of the served model's names; servers that answer adapters' requests in the base model's name cannot be told from such that fall back to it: use a newer one."
    })
  }
  const byIndex = new Map(choices.map((choice) => [choice.index, choice]))
  const sorted = Array.from({ length: n }, (_, i) => byIndex.get(i)).filter((choice) => choice !== undefined)
  return sorted.length === n && choices.length === n
    ? Result.succeed(sorted)
    : wrong(
        `it gives ${choices.length} completions (of indices ${[...byIndex.keys()].join(", ") || "none"}) where ${n} were asked for`,
        "Use a server that honours `n`, and see that nothing between filters its answers."
      )
}

/** What a completion must fit. */
export interface Expected {
  readonly prompt: ReadonlyArray<number>
  readonly stopIds: ReadonlyArray<number>
  readonly maxTokens: number
  /** Ids below it can be drawn. */
  readonly vocabulary: number
}

/** A completion with the log-probabilities that the server reports. */
export type Reported = Pick<Sampled, "completion" | "finishReason" | "logProbs">

const needIds =
  "Use a server that gives token ids (vLLM 0.10.2 and newer: return_token_ids; older: return_tokens_as_token_ids): ids made from text anew are at times others."

/** The ids: said outright, or in the place of the tokens' text as "token_id:17". */
const idsOf = ({ token_ids, logprobs }: Choice): ReadonlyArray<number> | undefined => {
  if (token_ids != null) return token_ids
  const ids = logprobs?.tokens?.map((token) => /^token_id:(\d+)$/.exec(token)?.[1])
  return ids?.every((id) => id !== undefined) ? ids.map(Number) : undefined
}

/** Where a completion of these ids ends, or why it cannot have been drawn as asked. */
const endOf = (
  ids: ReadonlyArray<number>,
  { finish_reason, stop_reason }: Choice,
  { stopIds, maxTokens, vocabulary }: Expected
): Read<Sampled["finishReason"]> => {
  const stray = ids.find((id) => id < 0 || id >= vocabulary)
  if (stray !== undefined) {
    return wrong(
      `token ${stray} is outside the vocabulary 0..${vocabulary - 1}`,
      "Serve the model that the tokenizer belongs to."
    )
  }
  if (ids.length > maxTokens)
    return wrong(`${ids.length} tokens are more than ${maxTokens}`, "Use a server that honours `max_tokens`.")
  const stop = ids.findIndex((id) => stopIds.includes(id))
  if (stop >= 0 && stop < ids.length - 1) {
    return wrong(`a completion goes on after stop token ${ids[stop]}`, "Use a server that honours `stop_token_ids`.")
  }
  if (stop >= 0) return Result.succeed("stop")
  if (finish_reason === "length" && ids.length > 0) return Result.succeed("length")
  const by = stop_reason == null ? "its own end token" : `stop ${JSON.stringify(stop_reason)}`
  return wrong(
    `a completion of ${ids.length} tokens ends with ${by} (${finish_reason}), which is no stop id`,
    "Add that token to the stop ids, or start the server with --generation-config vllm, so that it has none of its own."
  )
}

/** A completion, checked against what was asked for. */
export const completionOf = (choice: Choice, expected: Expected): Read<Reported> => {
  const { finish_reason, prompt_token_ids, logprobs, index } = choice
  if (finish_reason !== "stop" && finish_reason !== "length") {
    return Result.fail({
      kind: "aborted",
      reason: `completion ${index} ended by "${finish_reason}"`,
      fix: "See the server's log; completions that were given up are not part of the policy's distribution."
    })
  }
  const { prompt } = expected
  if (prompt_token_ids != null && prompt_token_ids.join() !== prompt.join()) {
    return wrong(
      `it read a prompt of ${prompt_token_ids.length} tokens where ${prompt.length} others were sent`,
      "Start the server so that it neither adds tokens to prompts nor cuts them."
    )
  }
  const completion = idsOf(choice)
  if (completion === undefined) return wrong("it gives text without token ids", needIds)
  const logProbs = logprobs?.token_logprobs.filter((x) => x !== null) ?? []
  if (logProbs.length !== completion.length || logProbs.some((x) => x > 1e-3)) {
    return wrong(
      `${completion.length} tokens come with ${logProbs.length} log-probabilities${logProbs.some((x) => x > 1e-3) ? ", some above 0" : ""}`,
      "Start the server with log-probabilities on (vLLM: --max-logprobs of 1 and more, --logprobs-mode raw_logprobs or processed_logprobs)."
    )
  }
  return Result.map(endOf(completion, choice, expected), (finishReason) => ({ completion, logProbs, finishReason }))
}

/** Log-probabilities of the tokens of a scored sequence from the `from`-th on. */
export const scoresOf = (
  { prompt_logprobs }: Choice,
  sequence: ReadonlyArray<number>,
  from: number
): Read<ReadonlyArray<number>> => {
  const scores = sequence.slice(from).map((id, t) => prompt_logprobs?.[from + t]?.[String(id)]?.logprob)
  return scores.every((x) => x !== undefined)
    ? Result.succeed(scores)
    : wrong(
        `it gives no log-probabilities of ${sequence.length} given tokens`,
        "Use a server that knows `prompt_logprobs`, or sample at temperature 1 without filters, where they are not needed."
      )
}

/** Completions that coincide although that is less likely than this were drawn from one random stream. */
const COINCIDENCE = 1e-9

/**
 * That completions of one prompt are drawn apart: whether all are the same is checked where that is as good as
 * impossible by their own log-probabilities, P = exp((n - 1) Σ log p).
 */
export const drawnApart = (drawn: ReadonlyArray<Reported>): Read<ReadonlyArray<Reported>> => {
  const [first, ...others] = drawn
  const key = first?.completion.join()
  const chance = Math.exp(others.length * (first?.logProbs.reduce((s, x) => s + x, 0) ?? 0))
  return chance < COINCIDENCE && others.every(({ completion }) => completion.join() === key)
    ? wrong(
        `all ${drawn.length} completions of a prompt are the same, which by their probabilities is no chance`,
        "Use a server that gives every completion of a call a random stream of its own."
      )
    : Result.succeed(drawn)
}
