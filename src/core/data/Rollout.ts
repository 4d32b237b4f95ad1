import { Schema } from "effect"

const TokenIds = Schema.Array(Schema.Int)
const LogProbs = Schema.Array(Schema.Finite)

/**
 * A completion drawn from a policy. Token ids are the truth: `text` is decoded from `completionIds`, and ids are
 * never derived from text again. All per-token arrays have length T, the number of completion tokens, stop token
 * included.
 */
export const Rollout = Schema.Struct({
  promptId: Schema.NonEmptyString,
  /** 0..G-1 among the completions of one prompt. */
  generationIdx: Schema.Int,
  /** Names the random stream that drew it. */
  seed: Schema.Int,
  /** [P] */
  promptIds: TokenIds,
  /** [T] */
  completionIds: TokenIds,
  /** [T] nats, under the distribution drawn from (temperature and filters applied). */
  logProbs: LogProbs,
  /** [T] nats, under the model itself (temperature 1, no filter). */
  rawLogProbs: LogProbs,
  /** `stop`: a stop token ended it; `length`: cut at the limit, so its end is missing. */
  finishReason: Schema.Literals(["stop", "length"]),
  text: Schema.String
}).check(
  Schema.makeFilter((r) => {
    const T = r.completionIds.length
    if (r.logProbs.length !== T) return { path: ["logProbs"], issue: `has ${r.logProbs.length} values for ${T} tokens` }
    if (r.rawLogProbs.length !== T)
      return { path: ["rawLogProbs"], issue: `has ${r.rawLogProbs.length} values for ${T} tokens` }
    return undefined
  })
)
export type Rollout = typeof Rollout.Type

/** The key that joins everything known about one completion: never its position in a file, nor its prompt's text. */
export const key = (r: Pick<Rollout, "promptId" | "generationIdx">): string => `${r.promptId}#${r.generationIdx}`
