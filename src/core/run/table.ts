/** A cell: numbers are shown as given and set to the right, `null` is a dash. */
export type Cell = string | number | null

const shown = (cell: Cell): string => (cell === null ? "-" : String(cell))

/**
 * Rows as aligned plain text under a heading and a rule, without a final newline. Columns are those of the heading;
 * a column is set to the right when all its cells are numbers or null.
 */
export const table = (heading: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<Cell>>): string => {
  const columns = heading.map((name, i) => {
    const cells = rows.map((row) => row[i] ?? null)
    const right = cells.some((cell) => typeof cell === "number") && cells.every((cell) => typeof cell !== "string")
    const width = Math.max(name.length, ...cells.map((cell) => shown(cell).length))
    return { name, right, width }
  })
  const line = (cells: ReadonlyArray<string>): string =>
    columns
      .map(({ right, width }, i) => (right ? cells[i]!.padStart(width) : cells[i]!.padEnd(width)))
      .join("  ")
      .trimEnd()
  return [
    line(columns.map(({ name }) => name)),
    columns.map(({ width }) => "─".repeat(width)).join("  "),
    ...rows.map((row) => line(columns.map((_, i) => shown(row[i] ?? null))))
  ].join("\n")
}
