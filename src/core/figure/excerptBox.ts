import type { ExcerptWord } from "./excerpt.ts"
import type { Series } from "./Figure.ts"
import { escapeMarkup } from "./markup.ts"
import type { Painted } from "./svgDocument.ts"
import { fonts, type Theme } from "./Theme.ts"
import { cutAtColumns, textColumns } from "./textColumns.ts"

const fontSize = 10
/** Advance of the code font at that size. */
const advance = 6.02
const line = 14
const margin = 8

interface Placed extends ExcerptWord {
  readonly column: number
  readonly row: number
}

const rowsOf = (words: ReadonlyArray<ExcerptWord>, columns: number): ReadonlyArray<Placed> => {
  const placed: Array<Placed> = []
  let [column, row] = [0, 0]
  for (const { text, isChanged } of words) {
    for (const part of cutAtColumns(text, columns)) {
      const width = textColumns(part)
      if (column > 0 && column + width > columns) [column, row] = [0, row + 1]
      placed.push({ text: part, isChanged, column, row })
      column += width
    }
    column += 1
  }
  return placed
}

/** Words in a box with the series' line at its left, what is changed underlined in the way of that line. */
export const excerptBox = (
  words: ReadonlyArray<ExcerptWord>,
  { label, colour, dash }: Pick<Series, "label" | "colour" | "dash">,
  { width, theme }: { readonly width: number; readonly theme: Theme }
): Painted => {
  const placed = rowsOf(words, Math.floor((width - 2 * margin - 8) / advance))
  const height = 2 * margin + line * ((placed.at(-1)?.row ?? 0) + 2) - 1
  const stroke = `stroke="${theme.colour(colour)}" stroke-width="2"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}`
  const parts = placed.map(({ text, isChanged, column, row }) => {
    const [x, y] = [(margin + 4 + column * advance).toFixed(1), margin + 9 + line * (row + 1)]
    const length = (textColumns(text) * advance).toFixed(1)
    const under = isChanged ? `<path d="M${x},${y + 3.5}h${length}" fill="none" ${stroke}/>` : ""
    return `${under}<text class="rf-code" font-family="${escapeMarkup(fonts.code)}" font-size="${fontSize}" x="${x}" y="${y}" textLength="${length}">${escapeMarkup(text)}</text>`
  })
  const markup = [
    `<rect x="2" y="1" width="${width - 4}" height="${height - 2}" rx="3" fill="none" stroke="${theme.colour("rule")}"/>`,
    `<path d="M3,3V${height - 3}" fill="none" ${stroke}/>`,
    `<text x="${margin + 4}" y="${margin + 8}" font-size="11" font-weight="600">${escapeMarkup(label)}</text>`,
    ...parts
  ].join("")
  return { markup, width, height }
}
