import type { ResultRow } from "../data/index.ts"

/** A row that can be joined: its prompt has a name. */
export interface KeyedRow extends ResultRow {
  readonly prompt_id: string
}

/** A question as published rows are told apart by: each run of white space one space, none outside. */
export const normalisedQuestion = (text: string): string => text.trim().replace(/\s+/g, " ")

/** The question of a row: what the user said last, normalised; empty where no user speaks. */
export const question = (row: Pick<ResultRow, "prompt">): string =>
  normalisedQuestion(row.prompt.findLast(({ role }) => role === "user")?.content ?? "")

/** The row with the name of its prompt; rows of published files have none, and go by their question. */
export const keyed = (row: ResultRow): KeyedRow => ({ ...row, prompt_id: row.prompt_id ?? question(row) })

/** The key by which everything known about one completion is joined, never its place in a file. */
export const rowKey = (row: Pick<KeyedRow, "prompt_id" | "generation_idx">): string =>
  `${row.prompt_id}#${row.generation_idx}`
