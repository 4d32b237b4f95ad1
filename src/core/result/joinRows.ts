import type { ResultRow } from "../data/index.ts"
import { type KeyedRow, rowKey } from "./RowKey.ts"

/** Rows with columns of another file's rows, and what found no partner. */
export interface Joined {
  readonly rows: ReadonlyArray<KeyedRow>
  /** Rows of the left file that the right one lacks; they are kept without its columns. */
  readonly leftOnly: number
  /** Rows of the right file that the left one lacks; they are left out. */
  readonly rightOnly: number
  /** Rows of one key whose generations differ, or were drawn by other weights; they are kept without the right one's columns. */
  readonly differing: number
}

const picked = (row: KeyedRow, columns: ReadonlyArray<keyof ResultRow>): Partial<ResultRow> =>
  Object.fromEntries(columns.flatMap((column) => (row[column] === undefined ? [] : [[column, row[column]]])))

/** Whether two rows say that different weights drew them: equal texts of two checkpoints are two draws. */
const isOfOther = ({ checkpoint_weights: a }: KeyedRow, { checkpoint_weights: b }: KeyedRow): boolean =>
  a !== undefined && b !== undefined && a !== b

/**
 * Adds columns of the right rows to the left ones, by (prompt_id, generation_idx), whatever their order. A value is
 * only taken over where both rows hold the same generation: log-probs of another text are not those of this one.
 *
 * @param columns e.g. `["policy_log_probs"]`; they replace the left row's own
 */
export const joinRows = (
  left: ReadonlyArray<KeyedRow>,
  right: ReadonlyArray<KeyedRow>,
  columns: ReadonlyArray<keyof ResultRow>
): Joined => {
  const byKey = new Map(right.map((row) => [rowKey(row), row]))
  let leftOnly = 0
  let differing = 0
  const rows = left.map((row) => {
    const partner = byKey.get(rowKey(row))
    if (partner === undefined) leftOnly += 1
    else if (partner.generation.content !== row.generation.content || isOfOther(row, partner)) differing += 1
    else return { ...row, ...picked(partner, columns) }
    return row
  })
  const own = new Set(left.map(rowKey))
  return { rows, leftOnly, differing, rightOnly: [...byKey.keys()].filter((key) => !own.has(key)).length }
}
