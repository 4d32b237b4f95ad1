import { Result, Schema, SchemaIssue } from "effect"
import { RowError } from "./errors.ts"

/** Where a row stands. */
export interface RowPlace {
  readonly file: string
  /** 1-based. */
  readonly line: number
}

const issues = SchemaIssue.makeFormatterStandardSchemaV1()

const fieldName = (path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined): string =>
  (path ?? []).map((step) => String(typeof step === "object" ? step.key : step)).join(".")

/** How to repair a value, from what is wrong with it. */
const fixOf = (field: string, value: unknown): string =>
  value === undefined
    ? `Add "${field}" to this row.`
    : value === ""
      ? `Give "${field}" a text, or remove the row.`
      : field === ""
        ? "Write one JSON object a line."
        : `Change "${field}" to what is expected.`

const valueAt = (row: unknown, path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }>): unknown =>
  path.reduce<unknown>((value, step) => {
    const key = typeof step === "object" ? step.key : step
    return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined
  }, row)

/**
 * One line of JSON as a row of the schema, or everything that is wrong with it. Each error names the file, the line,
 * the field and the repair.
 */
export const parseRow =
  <A>(schema: Schema.Decoder<A>) =>
  (text: string, place: RowPlace): Result.Result<A, ReadonlyArray<RowError>> => {
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (cause) {
      const reason = `the line is not JSON (${cause instanceof Error ? cause.message : String(cause)})`
      const fix = "Write one complete JSON object a line; a cut-off last line means an interrupted download."
      return Result.fail([new RowError({ ...place, field: "", kind: "json", reason, fix })])
    }
    const decoded = Schema.decodeUnknownResult(schema, { errors: "all" })(json)
    if (Result.isSuccess(decoded)) return Result.succeed(decoded.success)
    return Result.fail(
      issues(decoded.failure.issue).issues.map(({ path, message }) => {
        const field = fieldName(path)
        const value = valueAt(json, path ?? [])
        const kind = value === undefined ? "missing" : "value"
        const found = value === undefined || message.includes("got") ? "" : `, got ${show(value)}`
        return new RowError({ ...place, field, kind, reason: message + found, fix: fixOf(field, value) })
      })
    )
  }

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
