import type { CorrelationMatrix } from "../evaluation/index.ts"
import { diverging, neutral, textOn } from "./colourMap.ts"
import { columnWidth, type Drawing } from "./Drawing.ts"
import { counted } from "./Figure.ts"
import { escapeMarkup } from "./markup.ts"
import { svgDocument } from "./svgDocument.ts"
import { light, type Theme } from "./Theme.ts"

const signed = (r: number): string =>
  r
    .toFixed(2)
    .replace("-", "−")
    .replace(/(^|−)0\./, "$1.")

const label = (text: string, x: number, y: number, anchor: "end" | "middle", theme: Theme): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${theme.colour("ink")}">${escapeMarkup(text)}</text>`

/** Correlations of every pair as a coloured table, each with its value: red below 0, blue above. */
export const correlationDrawing = (
  matrix: CorrelationMatrix,
  of: { readonly id: string; readonly title: string; readonly completions: number }
): Drawing => {
  const caption = `Pearson correlations over ${counted(of.completions, "completion")}; completions of one prompt are not independent. A dash: no correlation, as one column does not vary.`
  const { names, cells: values } = matrix
  const left = 24 + 6.6 * Math.max(4, ...names.map((name) => name.length))
  const size = Math.floor((columnWidth - left - 8) / Math.max(1, names.length))
  return {
    id: of.id,
    title: of.title,
    caption,
    svg: (theme = light) => {
      const cells = names.flatMap((_, i) =>
        names.map((_, j) => {
          const r = values[i]?.[j]
          const fill = r === undefined ? neutral : diverging(r)
          const [x, y] = [left + j * size, 34 + i * size]
          return (
            `<rect x="${x}" y="${y}" width="${size - 2}" height="${size - 2}" rx="3" fill="${fill}"/>` +
            `<text x="${x + size / 2 - 1}" y="${y + size / 2 + 3}" text-anchor="middle" fill="${textOn(fill)}">${r === undefined ? "–" : signed(r)}</text>`
          )
        })
      )
      const rows = names.map((name, i) => label(name, left - 8, 34 + (i + 0.5) * size + 4, "end", theme))
      const foot = 34 + names.length * size
      // Names turn where a column is too narrow for them.
      const turned = names.some((name) => name.length * 6.6 > size)
      const columns = names.map((name, j) => {
        const x = left + (j + 0.5) * size
        return turned
          ? `<g transform="translate(${x + 4},${foot + 8}) rotate(-40)">${label(name, 0, 4, "end", theme)}</g>`
          : label(name, x, foot + 16, "middle", theme)
      })
      const below = turned ? 14 + 4.4 * Math.max(...names.map((name) => name.length)) : 26
      const title = `<text x="4" y="18" font-size="15" font-weight="600">${escapeMarkup(of.title)}</text>`
      const markup = [title, ...cells, ...rows, ...columns].join("")
      return svgDocument(
        { markup, width: columnWidth, height: Math.ceil(foot + below) },
        { title: of.title, caption },
        theme
      )
    }
  }
}
