import type { ResultRow } from "../data/index.ts"

/**
 * A row as the reference system wrote it, with what its scores mean said outright. Rows with a schema version are left
 * as they are.
 *
 * - `[0]` or no score at all is what it wrote when scoring was off: the row has no score then.
 * - A sparse reward was repeated on every token: the row's one unit ends with its last token.
 *
 * Scores that were not finite had been removed there, which moved the later ones; such rows are only known by a length
 * that differs from another list's, and are counted as ragged.
 */
export const publishedRow = (row: ResultRow): ResultRow => {
  const { reward_model_score: scores, ...rest } = row
  if (row.schema_version !== undefined || scores === undefined) return row
  if (scores.length === 0 || (scores.length === 1 && scores[0] === 0)) return rest
  const constant = scores.length > 1 && scores.every((score) => score === scores[0])
  return constant && row.reward_unit_ends === undefined ? { ...row, reward_unit_ends: [scores.length - 1] } : row
}
