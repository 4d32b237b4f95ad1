import { Result, Schema } from "effect"
import { decodeRow, Message, parseRow, type RowError, type RowPlace } from "../data/index.ts"
import type { EditedTrace, TokenSpan } from "../evaluation/index.ts"

/** A line of published pairs: a clean trace and a copy with an error, made (`pert_text`) or found (`wrong_text`). */
const Stored = Schema.Struct({
  prompt: Schema.Union([Schema.String, Schema.Array(Message)]),
  clean_text: Schema.String,
  pert_text: Schema.optionalKey(Schema.String),
  wrong_text: Schema.optionalKey(Schema.String),
  original_step: Schema.optionalKey(Schema.NullOr(Schema.String)),
  perturbed_step: Schema.optionalKey(Schema.NullOr(Schema.String)),
  /** Characters of the edited step in the wrong text, as Python counts them; half-open. */
  target_char_span: Schema.optionalKey(Schema.NullOr(Schema.Tuple([Schema.Int, Schema.Int]))),
  severity: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  variant_idx: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  clean_generation_idx: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  prompt_idx: Schema.optionalKey(Schema.NullOr(Schema.Int))
}).check(
  Schema.makeFilter((row) =>
    row.pert_text === undefined && row.wrong_text === undefined
      ? { path: ["pert_text"], issue: "is missing, and wrong_text too" }
      : undefined
  )
)

/** A clean trace and its wrong copy, with what is known of the error. */
export interface PairRow {
  readonly prompt: string
  /** The whole prompt; a text is what a user said. */
  readonly messages: ReadonlyArray<Message>
  readonly promptId: string
  /** Place of the prompt in its data set, and of the copy among those of a prompt. */
  readonly promptIndex?: number
  readonly variant?: number
  readonly clean: string
  readonly wrong: string
  readonly originalStep?: string
  readonly wrongStep?: string
  /** UTF-16 units of `wrong`. */
  readonly step?: TokenSpan
  readonly severity: number
}

/** Python counts characters beyond U+FFFF as one, JavaScript as two. */
const utf16 = (text: string, codePoints: number): number => Array.from(text).slice(0, codePoints).join("").length

const ofStored = (row: typeof Stored.Type): PairRow => {
  const prompt =
    typeof row.prompt === "string" ? row.prompt : (row.prompt.findLast((m) => m.role === "user")?.content ?? "")
  const wrong = row.wrong_text ?? row.pert_text!
  const [start, end] = (row.target_char_span ?? [0, 0]).map((at) => utf16(wrong, at)) as [number, number]
  return {
    prompt,
    messages: typeof row.prompt === "string" ? [{ role: "user", content: row.prompt }] : row.prompt,
    ...(typeof row.prompt_idx === "number" ? { promptIndex: row.prompt_idx } : {}),
    ...(typeof row.variant_idx === "number" ? { variant: row.variant_idx } : {}),
    promptId: row.prompt_idx === undefined || row.prompt_idx === null ? prompt : String(row.prompt_idx),
    clean: row.clean_text,
    wrong,
    severity: row.severity ?? 1,
    ...(typeof row.original_step === "string" ? { originalStep: row.original_step } : {}),
    ...(typeof row.perturbed_step === "string" ? { wrongStep: row.perturbed_step } : {}),
    ...(end > start ? { step: { start, end } } : {})
  }
}

const decode = decodeRow(Stored)

/** A value of a pair file as a pair, or everything that is wrong with it. */
export const decodePair = (value: unknown, place: RowPlace): Result.Result<PairRow, ReadonlyArray<RowError>> =>
  Result.map(decode(value, place), ofStored)

const parse = parseRow(Stored)

/** A line of a pair file as a pair, or everything that is wrong with it. */
export const parsePair = (text: string, place: RowPlace): Result.Result<PairRow, ReadonlyArray<RowError>> =>
  Result.map(parse(text, place), ofStored)

/** The ids of a text's tokens, and where each starts, with the text's end last. */
export type Tokenise = (text: string) => { readonly ids: ReadonlyArray<number>; readonly bounds: ReadonlyArray<number> }

/** A pair in tokens, from which its targets are found. */
export const editedTrace = (pair: PairRow, tokenise: Tokenise): EditedTrace => {
  const { ids, bounds } = tokenise(pair.wrong)
  return {
    clean: tokenise(pair.clean).ids,
    perturbed: ids,
    bounds,
    ...(pair.step === undefined ? {} : { step: pair.step }),
    ...(pair.originalStep === undefined ? {} : { originalStep: pair.originalStep }),
    ...(pair.wrongStep === undefined ? {} : { perturbedStep: pair.wrongStep })
  }
}
