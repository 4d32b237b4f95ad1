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

const REFERENCES: ReadonlySet<string | undefined> = new Set(["expert", "demonstration", "clean", "perturbed"])

/**
 * Whether a row is there to be read beside the completions of its prompt: an expert's trace, or one made to be compared
 * (`source` expert, demonstration, clean, perturbed). Such a row is no sample of a policy, and no metric counts it.
 */
export const isReference = ({ source }: Pick<ResultRow, "source">): boolean => REFERENCES.has(source)

/**
 * The key by which everything known about one completion is joined, never its place in a file. References have keys of
 * their own, since their indices are not those of samples.
 */
export const rowKey = (row: Pick<KeyedRow, "prompt_id" | "generation_idx" | "source">): string =>
  isReference(row) ? `${row.prompt_id}#${row.source}#${row.generation_idx}` : `${row.prompt_id}#${row.generation_idx}`
