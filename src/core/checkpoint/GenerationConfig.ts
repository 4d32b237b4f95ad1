import { Result, Schema } from "effect"
import { CheckpointRejected } from "./errors.ts"

const Optional = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))
const Positive = Schema.Finite.check(Schema.isGreaterThan(0))
const Id = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** The keys of `generation_config.json` that matter here; others are kept as they are. */
const Json = Schema.Struct({
  temperature: Optional(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))),
  top_p: Optional(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))),
  top_k: Optional(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
  repetition_penalty: Optional(Positive),
  max_new_tokens: Optional(Schema.Int.check(Schema.isGreaterThan(0))),
  eos_token_id: Optional(Schema.Union([Id, Schema.Array(Id)])),
  pad_token_id: Optional(Id)
})

/** How a checkpoint's makers sample from it. What they leave open is undefined. */
export interface GenerationConfig {
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly repetitionPenalty?: number
  readonly maxNewTokens?: number
  /** Any of these ends a completion; chat models have several. */
  readonly eosIds: ReadonlyArray<number>
  readonly padId?: number
  /** The whole object, to be written back. */
  readonly json: Readonly<Record<string, unknown>>
}

/** Of a checkpoint without the file. */
export const none: GenerationConfig = { eosIds: [], json: {} }

/** Reads a parsed `generation_config.json`. @param file for messages */
export const fromJson = (json: unknown, file: string): Result.Result<GenerationConfig, CheckpointRejected> => {
  const decoded = Schema.decodeUnknownResult(Json)(json)
  if (Result.isFailure(decoded)) {
    const reason = `is no generation_config.json: ${decoded.failure.message}`
    return Result.fail(new CheckpointRejected({ kind: "malformed", file, reason }))
  }
  const { temperature, top_p, top_k, repetition_penalty, max_new_tokens, eos_token_id, pad_token_id } = decoded.success
  const eosIds = eos_token_id == null ? [] : typeof eos_token_id === "number" ? [eos_token_id] : eos_token_id
  return Result.succeed({
    ...(temperature == null ? {} : { temperature }),
    ...(top_p == null ? {} : { topP: top_p }),
    ...(top_k == null ? {} : { topK: top_k }),
    ...(repetition_penalty == null ? {} : { repetitionPenalty: repetition_penalty }),
    ...(max_new_tokens == null ? {} : { maxNewTokens: max_new_tokens }),
    ...(pad_token_id == null ? {} : { padId: pad_token_id }),
    eosIds,
    json: { ...(json as object) }
  })
}
