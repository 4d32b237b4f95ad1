import { Effect, Result, Schema } from "effect"
import { type Message, parseRow, type RowError, type RowPlace, schemaVersion } from "../data/index.ts"
import { type KeyedRow, question } from "./RowKey.ts"
import { stored } from "./Verdict.ts"

/**
 * One line of lm-evaluation-harness' `samples_<task>_<time>.jsonl`: a document with its responses. The value of each
 * metric stands beside under its name. `resps` and `filtered_resps` hold one entry a request: of the former a list of its
 * draws, of the latter the draw that a filter took, or a list of all. Written and read as version 0.4.13 does.
 */
export const HarnessSample = Schema.StructWithRest(
  Schema.Struct({
    doc_id: Schema.Int,
    doc: Schema.Unknown,
    target: Schema.Unknown,
    arguments: Schema.Unknown,
    resps: Schema.Array(Schema.Unknown),
    filtered_resps: Schema.Array(Schema.Unknown),
    filter: Schema.optionalKey(Schema.String),
    metrics: Schema.optionalKey(Schema.Array(Schema.String)),
    doc_hash: Schema.optionalKey(Schema.String),
    prompt_hash: Schema.optionalKey(Schema.String),
    target_hash: Schema.optionalKey(Schema.String)
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)
export type HarnessSample = typeof HarnessSample.Type

/** SHA-256 of UTF-8 text, in hexadecimal. */
export const sha256 = (text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (digest) => Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")
  )

/** A lone user turn as its text, any other conversation as JSON. */
const promptText = (prompt: ReadonlyArray<Message>): string =>
  prompt.length === 1 && prompt[0]!.role === "user" ? prompt[0]!.content : JSON.stringify(prompt)

/**
 * The generations of one prompt as a sample; the metric `exact_match` is the share of them that is right.
 *
 * @param rows of one prompt, in the order of their index   @param docId its place among the prompts
 * @param sampling as given to the generator, e.g. `{ temperature: 0.5 }`
 */
export const fromRows = (
  rows: ReadonlyArray<KeyedRow>,
  docId: number,
  sampling: Readonly<Record<string, unknown>> = {}
): Effect.Effect<HarnessSample> =>
  Effect.gen(function* () {
    const first = rows[0]!
    const target = first.gold_answer ?? ""
    const doc = { id: first.prompt_id, question: question(first), answer: target }
    const prompt = promptText(first.prompt)
    const verdicts = rows.map(stored).filter((v) => v !== undefined)
    const answers = rows.map((row) => row.extracted_answer ?? "[invalid]")
    return {
      doc_id: docId,
      doc,
      target,
      arguments: { gen_args_0: { arg_0: prompt, arg_1: sampling } },
      resps: [rows.map((row) => row.generation.content)],
      filtered_resps: answers.length === 1 ? answers : [answers],
      filter: "none",
      metrics: ["exact_match"],
      doc_hash: yield* sha256(JSON.stringify(doc, null, 2)),
      prompt_hash: yield* sha256(prompt),
      target_hash: yield* sha256(target),
      ...(verdicts.length === 0 ? {} : { exact_match: verdicts.filter(Boolean).length / verdicts.length })
    }
  })

const field = (value: unknown, ...path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>((at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined), value)

const Messages = Schema.fromJsonString(
  Schema.NonEmptyArray(
    Schema.Struct({ role: Schema.Literals(["system", "user", "assistant", "tool"]), content: Schema.String })
  )
)

const conversation = (prompt: string): ReadonlyArray<Message> => {
  const decoded = Schema.decodeUnknownResult(Messages)(prompt)
  return Result.isSuccess(decoded) ? decoded.success : [{ role: "user", content: prompt }]
}

const texts = (list: unknown): ReadonlyArray<string> | undefined => {
  const flat = Array.isArray(list)
    ? list.flatMap((one: unknown): ReadonlyArray<unknown> => (Array.isArray(one) ? one : [one]))
    : []
  return flat.length > 0 && flat.every((one) => typeof one === "string") ? flat : undefined
}

/** The arguments of the first request, of which a task that generates has two: the prompt, and how to draw. */
const request = ({ arguments: all }: HarnessSample): readonly [prompt: unknown, drawing: unknown] => {
  const [named, listed] = [field(all, "gen_args_0"), field(all, 0)]
  return named === undefined ? [field(listed, 0), field(listed, 1)] : [field(named, "arg_0"), field(named, "arg_1")]
}

/** A prompt is a text; a conversation is JSON, alone in a list where the model is a chat's server. */
const asText = (prompt: unknown): string | undefined => {
  const one: unknown = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt
  return typeof one === "string" ? one : undefined
}

const parse = parseRow(HarnessSample)

/** A line with its filter, or everything that is wrong with it. */
export const parseSample = (text: string, place: RowPlace): Result.Result<HarnessSample, ReadonlyArray<RowError>> =>
  parse(text, place)

/**
 * The rows of a sample, one a response; `undefined` for a task that compares likelihoods, which has none.
 *
 * A verdict is only taken over where the sample has a single response, or all are right or all wrong: a mean of several
 * says nothing of each. `metric` defaults to the first one.
 */
export const toRows = (
  sample: HarnessSample,
  task: string,
  metric = sample.metrics?.[0]
): ReadonlyArray<KeyedRow> | undefined => {
  const [prompt, drawing] = request(sample)
  const responses = typeof drawing === "object" && drawing !== null ? texts(sample.resps) : undefined
  if (responses === undefined) return undefined
  const filtered = texts(sample.filtered_resps)
  const answers = filtered?.length === responses.length ? filtered : undefined
  const score = metric === undefined ? undefined : Number(field(sample, metric) ?? Number.NaN)
  return responses.map((content, i) => ({
    prompt: conversation(asText(prompt) ?? JSON.stringify(sample.doc)),
    generation: { content },
    generation_idx: i,
    correctness_reward_func: score === 1 ? 2 : score === 0 ? 0 : null,
    prompt_id: `${task}/${sample.doc_id}`,
    gold_answer: typeof sample.target === "string" ? sample.target : JSON.stringify(sample.target),
    ...(answers === undefined ? {} : { extracted_answer: answers[i] === "[invalid]" ? null : answers[i]! }),
    dataset: task,
    schema_version: schemaVersion
  }))
}
