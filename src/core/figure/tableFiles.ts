import { type Cell, isNumeric, type Mark, type Table, texts, toJson } from "./Table.ts"

const latexCharacters: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  _: "\\_",
  "%": "\\%",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  "–": "--",
  "−": "$-$",
  Δ: "$\\Delta$",
  "±": "$\\pm$",
  "≥": "$\\geq$"
}

/** Text that LaTeX prints as it is: each character once, so that no added brace is escaped again. */
export const escapeLatex = (text: string): string =>
  Array.from(text.replace(/\s*\n\s*/g, " "), (c) => latexCharacters[c] ?? c).join("")

const latexOf: Readonly<Record<Mark, (cell: string) => string>> = {
  best: (cell) => `\\textbf{${cell}}`,
  second: (cell) => `\\underline{${cell}}`,
  low: (cell) => `\\textcolor{gray}{${cell}*}`,
  apart: (cell) => `\\textcolor{gray}{${cell}}`
}

const marked = (text: string, marks: ReadonlyArray<Mark> = []): string =>
  marks.reduce((cell, mark) => latexOf[mark](cell), text)

/** A `table` environment with booktabs rules; numbers stand flush right. Needs the packages booktabs and xcolor. */
export const toLatex = (table: Table): string => {
  const line = (cells: ReadonlyArray<string>) => `    ${cells.join(" & ")} \\\\`
  return [
    "% \\usepackage{booktabs,xcolor}",
    "\\begin{table}[t]",
    "  \\centering",
    `  \\caption{${escapeLatex(table.caption)}}`,
    `  \\label{tab:${table.id}}`,
    `  \\begin{tabular}{${table.columns.map((_, c) => (isNumeric(table, c) ? "r" : "l")).join("")}}`,
    "    \\toprule",
    line(table.columns.map(({ label }) => escapeLatex(label))),
    "    \\midrule",
    ...texts(table).map((row, r) => line(row.map((cell, c) => marked(escapeLatex(cell), table.marks?.[r]?.[c])))),
    "    \\bottomrule",
    "  \\end{tabular}",
    "\\end{table}",
    ""
  ].join("\n")
}

const csvCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** A value with its ends and sample size, unrounded; nothing where there is none. */
const csvCells = (cell: Cell | undefined): ReadonlyArray<string> => {
  if (cell === null || cell === undefined) return ["", "", "", "", ""]
  if (typeof cell !== "object") return [String(cell), "", "", "", ""]
  return cell._tag === "Estimate"
    ? [String(cell.value), ...cell.ci95.map(String), String(cell.n), ""]
    : ["", "", "", "", cell.reason]
}

const isMeasured = (table: Table, c: number): boolean =>
  table.rows.some((row) => typeof row[c] === "object" && row[c] !== null)

const delimited = (table: Table, separator: string, cellOf: (text: string) => string, end: string): string => {
  const measured = table.columns.map((_, c) => isMeasured(table, c))
  const header = table.columns.flatMap(({ key }, c) =>
    measured[c] ? [key, `${key}_low`, `${key}_high`, `${key}_n`, `${key}_reason`] : [key]
  )
  const rows = table.rows.map((row) =>
    table.columns.flatMap((_, c) => csvCells(row[c]).slice(0, measured[c] ? undefined : 1))
  )
  return [header, ...rows].map((row) => `${row.map(cellOf).join(separator)}${end}`).join("")
}

/**
 * Comma-separated values (RFC 4180), unrounded. A column of measured values is five: value, low, high, prompts, and the
 * reason where there is no value.
 */
export const toCsv = (table: Table): string => delimited(table, ",", csvCell, "\r\n")

/** As `toCsv`, with tabs between; what would be a tab or a line end in a cell is a space. */
export const toTsv = (table: Table): string => delimited(table, "\t", (text) => text.replace(/[\t\r\n]+/g, " "), "\n")

/** Everything of a table as JSON, with where its numbers come from: what other formats are made from. */
export const toJsonDocument = ({ id, title, caption, provenance = {}, ...table }: Table): string =>
  `${JSON.stringify({ id, title, caption, provenance, columns: table.columns, rows: toJson({ id, title, caption, ...table }) }, undefined, 2)}\n`

const valueOf = (cell: Cell | undefined): number | undefined => {
  if (typeof cell === "number") return cell
  return typeof cell === "object" && cell !== null && cell._tag === "Estimate" ? cell.value : undefined
}

/** Which columns are compared, and below which value a cell is greyed. */
export interface Ranked {
  readonly columns: ReadonlyArray<string>
  /** What a value is compared with: its column, its row, or nothing. */
  readonly within: "column" | "row" | "nothing"
  /** Cells below it are grey with a star. */
  readonly floor?: number
  /** Rows that are there for reference: grey (in Markdown slanted), and never the best. */
  readonly apart?: { readonly isApart: (row: ReadonlyArray<Cell>) => boolean; readonly why: string }
}

const topTwo = (cells: ReadonlyArray<Cell | undefined>): ReadonlyArray<number> => {
  const distinct = [...new Set(cells.flatMap((cell) => valueOf(cell) ?? []))].sort((a, b) => b - a)
  return distinct.length < 2 ? [] : distinct.slice(0, 2)
}

/**
 * The table with the best value of each column or row bold and the second underlined, ties alike, and with the rule in
 * its caption. Higher is better. Equal values rank nothing; what is not available is never the best.
 */
export const ranked = (table: Table, { columns, within, floor, apart }: Ranked): Table => {
  const isApart = (row: ReadonlyArray<Cell>): boolean => apart?.isApart(row) === true
  const rivals = table.rows.filter((row) => !isApart(row))
  const compared = table.columns.map(({ key }) => columns.includes(key))
  const ofColumn = table.columns.map((_, c) => topTwo(rivals.map((row) => row[c])))
  const marks = table.rows.map((row) => {
    if (isApart(row)) return row.map((): ReadonlyArray<Mark> => ["apart"])
    const ofRow = topTwo(row.filter((_, c) => compared[c]))
    return table.columns.map((_, c): ReadonlyArray<Mark> => {
      const value = valueOf(row[c])
      if (value === undefined || !compared[c]) return []
      const place = within === "nothing" ? -1 : (within === "row" ? ofRow : ofColumn[c]!).indexOf(value)
      const order = place === 0 ? ["best" as const] : place === 1 ? ["second" as const] : []
      return [...order, ...(floor !== undefined && value < floor ? ["low" as const] : [])]
    })
  })
  const rules = [
    ...(within === "nothing" ? [] : [`Best of a ${within} bold, second underlined.`]),
    ...(rivals.length === table.rows.length ? [] : [`Grey without *: ${apart?.why}, not compared.`]),
    ...(floor === undefined ? [] : [`Grey and * below ${100 * floor}%.`])
  ]
  return { ...table, marks, caption: [table.caption, ...rules].join(" ").trim() }
}
