import { edits } from "../evaluation/index.ts"

/** Where two traces stand side by side. */
export interface TokenAlignment {
  /** Column of each clean token, and of each changed one. */
  readonly cleanColumns: ReadonlyArray<number>
  readonly perturbedColumns: ReadonlyArray<number>
  /** Columns at which the traces differ. */
  readonly changed: ReadonlyArray<number>
}

const from = (start: number, length: number): ReadonlyArray<number> => Array.from({ length }, (_, i) => start + i)

/**
 * Columns of two lists of tokens: equal tokens share one; a run of replaced tokens shares its own, so that a changed
 * number is one place and not two.
 */
export const alignTokens = (clean: ReadonlyArray<string>, perturbed: ReadonlyArray<string>): TokenAlignment => {
  const cleanColumns: Array<number> = []
  const perturbedColumns: Array<number> = []
  const changed: Array<number> = []
  let column = 0
  const same = (until: number): void => {
    const columns = from(column, until - cleanColumns.length)
    cleanColumns.push(...columns)
    perturbedColumns.push(...columns)
    column += columns.length
  }
  for (const { clean: c, perturbed: p } of edits(clean, perturbed)) {
    same(c[0])
    const [removed, added] = [c[1] - c[0], p[1] - p[0]]
    cleanColumns.push(...from(column, removed))
    perturbedColumns.push(...from(column, added))
    changed.push(...from(column, Math.max(removed, added)))
    column += Math.max(removed, added)
  }
  same(clean.length)
  return { cleanColumns, perturbedColumns, changed }
}
