import type { Measurement } from "../../evaluation/index.ts"
import {
  type Cell,
  escapeMarkup,
  type Figure,
  figureTable,
  formatNumber,
  type NumberFormat,
  type Table,
  Tables,
  Themes,
  toSvg
} from "../index.ts"

/** A number that carries its unrounded source, so that what is printed can be checked against the summary. */
export const number = (value: number, format: NumberFormat): string =>
  `<data value="${value}">${withMinus(formatNumber(value, format))}</data>`

/** A hyphen is too short beside figures. */
const withMinus = (text: string): string => escapeMarkup(text.replace(/^-/, "−"))

const bound = (value: number, format: NumberFormat): string =>
  `<data value="${value}">${withMinus(formatNumber(value, format).replace("%", ""))}</data>`

/** A measured value with its 95% interval, or `n/a` with the reason. */
export const measured = (m: Measurement, format: NumberFormat = "percent"): string =>
  m._tag === "Estimate"
    ? `<span class="m">${number(m.value, format)} <span class="ci">[${bound(m.ci95[0], format)}, ${bound(m.ci95[1], format)}]</span></span>`
    : `<span class="na">n/a <small>${escapeMarkup(m.reason)}</small></span>`

/** A measured value alone, for running text. */
export const valueOnly = (m: Measurement, format: NumberFormat = "percent"): string =>
  m._tag === "Estimate" ? number(m.value, format) : `n/a (${escapeMarkup(m.reason)})`

/** A difference in percentage points, with its sign and interval. */
export const points = (m: Measurement): string => {
  if (m._tag === "NotAvailable") return measured(m)
  const signed = (x: number) =>
    `${x > 0 ? "+" : ""}${(100 * x).toFixed(1)}`.replace(/^-(0\.0)$/, "$1").replace("-", "−")
  const part = (x: number) => `<data value="${x}">${signed(x)}</data>`
  return `<span class="m">${part(m.value)} <span class="ci">[${part(m.ci95[0])}, ${part(m.ci95[1])}]</span></span>`
}

const cell = (value: Cell | undefined, format: NumberFormat): string => {
  if (value === null || value === undefined) return "–"
  if (typeof value === "string") return escapeMarkup(value)
  return typeof value === "number" ? number(value, format) : measured(value, format)
}

/** A table whose cells are already markup; wide ones scroll inside their own region. */
export const rawTable = (
  caption: string,
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  isText: (column: number) => boolean = (c) => c === 0
): string =>
  rows.length === 0
    ? `<p class="empty">${escapeMarkup(caption)}: no rows.</p>`
    : [
        `<div class="table"><p class="caption">${escapeMarkup(caption)}</p>`,
        `<div class="scroll" role="region" tabindex="0" aria-label="${escapeMarkup(caption)}"><table><thead><tr>`,
        head.map((text, c) => `<th scope="col"${isText(c) ? "" : ' class="num"'}>${escapeMarkup(text)}</th>`).join(""),
        "</tr></thead><tbody>",
        rows
          .map((row) => {
            const cells = row.map((markup, c) =>
              c === 0 ? `<th scope="row">${markup}</th>` : `<td${isText(c) ? "" : ' class="num"'}>${markup}</td>`
            )
            return `<tr>${cells.join("")}</tr>`
          })
          .join(""),
        "</tbody></table></div></div>"
      ].join("")

/** A table of data. */
export const table = (data: Table): string =>
  rawTable(
    [data.title, data.caption].filter((text) => text !== "").join(". "),
    data.columns.map(({ label }) => label),
    data.rows.map((row) => data.columns.map(({ format }, c) => cell(row[c], format))),
    (c) => !Tables.isNumeric(data, c)
  )

/** Figures with more rows than this leave their numbers to `summary.json`. */
const rowLimit = 120

/** A figure as a card: title, drawing, caption, and its numbers to unfold. */
export const figure = (data: Figure, layout: "card" | "wide" = "card"): string => {
  const rows = figureTable(data)
  const numbers =
    rows.rows.length === 0 || rows.rows.length > rowLimit || data.layers.some((layer) => layer._tag === "Columns")
      ? ""
      : `<details class="numbers"><summary>Numbers</summary>${table({ ...rows, caption: "" })}</details>`
  return [
    `<figure class="card${layout === "wide" ? " wide" : ""}" id="${escapeMarkup(data.id)}"><h3>${escapeMarkup(data.title)}</h3>`,
    toSvg(data, { theme: Themes.embedded, heading: false, width: 400 }),
    `<figcaption>${escapeMarkup(data.caption)}</figcaption>${numbers}</figure>`
  ].join("")
}
