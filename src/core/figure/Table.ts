import { Schema } from "effect"
import { Measurement } from "../evaluation/index.ts"
import { formatMeasurement, formatNumber, type NumberFormat } from "./format.ts"

/** A cell: text, a number, a measured value, or nothing. */
export const Cell = Schema.Union([Schema.String, Schema.Finite, Measurement, Schema.Null])

export const Column = Schema.Struct({
  key: Schema.String,
  label: Schema.String,
  /** How numbers of this column are written. */
  format: Schema.Literals(["percent", "points", "number", "integer"])
})

/**
 * What stands out in a cell: the best and the second of its column, a value so low that it says little, a row that is
 * there for reference.
 */
export const Mark = Schema.Literals(["best", "second", "low", "apart"])
export type Mark = typeof Mark.Type

/** A table as data; every row has one cell a column. */
export const Table = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  caption: Schema.String,
  columns: Schema.Array(Column),
  rows: Schema.Array(Schema.Array(Cell)),
  /** One list a cell, in the shape of `rows`. */
  marks: Schema.optionalKey(Schema.Array(Schema.Array(Schema.Array(Mark)))),
  /** Where the numbers come from: files, hashes, checkpoints, settings. */
  provenance: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json))
})

export type Cell = typeof Cell.Type
export type Table = typeof Table.Type

/** A cell as text: intervals beside values, `n/a (reason)` where a metric has none, a dash for nothing. */
export const cellText = (cell: Cell | undefined, format: NumberFormat): string => {
  if (cell === null || cell === undefined) return "–"
  if (typeof cell === "string") return cell
  return typeof cell === "number" ? formatNumber(cell, format) : formatMeasurement(cell, format)
}

/** Whether a column holds numbers, which are set flush right. */
export const isNumeric = ({ rows }: Table, column: number): boolean =>
  rows.every((row) => typeof row[column] !== "string")

/** The cells as texts, row by row. */
export const texts = (table: Table): ReadonlyArray<ReadonlyArray<string>> =>
  table.rows.map((row) => table.columns.map(({ format }, c) => cellText(row[c], format)))

const markdownCell = (text: string): string =>
  text
    .replace(/[\\|`*_[\]]/g, "\\$&")
    .replace(/</g, "&lt;")
    .replace(/\s*\n\s*/g, " ")

const markdownOf: Readonly<Record<Mark, (cell: string) => string>> = {
  best: (cell) => `**${cell}**`,
  second: (cell) => `<u>${cell}</u>`,
  low: (cell) => `${cell}\\*`,
  apart: (cell) => `*${cell}*`
}

const marked = (text: string, marks: ReadonlyArray<Mark> = []): string =>
  marks.reduce((cell, mark) => markdownOf[mark](cell), text)

/** GitHub-flavoured Markdown; what would be markup in a cell is escaped. */
export const toMarkdown = (table: Table): string => {
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [
    line(table.columns.map(({ label }) => markdownCell(label))),
    line(table.columns.map((_, c) => (isNumeric(table, c) ? "---:" : "---"))),
    ...texts(table).map((row, r) => line(row.map((cell, c) => marked(markdownCell(cell), table.marks?.[r]?.[c]))))
  ].join("\n")
}

/** Aligned columns for a terminal, two spaces apart. */
export const toText = (table: Table): string => {
  const rows = [table.columns.map(({ label }) => label), ...texts(table)]
  const flat = rows.map((row) => row.map((cell) => cell.replace(/\s*\n\s*/g, " ")))
  const widths = table.columns.map((_, c) => Math.max(...flat.map((row) => row[c]!.length)))
  return flat
    .map((row) =>
      row
        .map((cell, c) => (isNumeric(table, c) ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

/** One object a row, by column key, with the numbers as they are. */
export const toJson = (table: Table): ReadonlyArray<Readonly<Record<string, Cell>>> =>
  table.rows.map((row) => Object.fromEntries(table.columns.map(({ key }, c) => [key, row[c] ?? null])))
