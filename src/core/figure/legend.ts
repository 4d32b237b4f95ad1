import type { Marker, Series } from "./Figure.ts"
import { escapeMarkup } from "./markup.ts"
import type { Theme } from "./Theme.ts"

/** Outlines of the markers around the origin, about 8 px wide. */
const outlines: Readonly<Record<Exclude<Marker, "none">, string>> = {
  circle: "M4,0A4,4,0,1,1,-4,0A4,4,0,1,1,4,0Z",
  square: "M-3.5,-3.5h7v7h-7Z",
  triangle: "M0,-4.6L4.2,3.2H-4.2Z",
  diamond: "M0,-4.8L4.2,0L0,4.8L-4.2,0Z",
  cross: "M-3.5,-3.5L3.5,3.5M-3.5,3.5L3.5,-3.5",
  star: "M0,-5L1.3,-1.6L4.8,-1.5L2,0.7L3,4.2L0,2.1L-3,4.2L-2,0.7L-4.8,-1.5L-1.3,-1.6Z"
}

/** Mean advance of the text fonts at 12 px; labels are short, so an estimate is enough. */
const advance = 6.4
const swatch = 26
const gap = 18
const rowHeight = 20

/** A series and how the figure shows it: a line with its marker, or a filled area. */
export interface LegendEntry extends Series {
  readonly isArea: boolean
}

/** A legend laid out in rows of at most `width` px: its markup and its height. */
export const legend = (
  entries: ReadonlyArray<LegendEntry>,
  theme: Theme,
  width: number
): { readonly markup: string; readonly height: number } => {
  let x = 0
  let row = 0
  const parts = entries.map((one) => {
    const size = swatch + 6 + one.label.length * advance
    if (x > 0 && x + size > width) {
      x = 0
      row += 1
    }
    const place = `translate(${x.toFixed(1)},${row * rowHeight + 10})`
    x += size + gap
    return `<g transform="${place}">${sample(one, theme)}<text x="${swatch + 6}" y="4" fill="${theme.colour("ink")}">${escapeMarkup(one.label)}</text></g>`
  })
  return entries.length === 0 ? { markup: "", height: 0 } : { markup: parts.join(""), height: (row + 1) * rowHeight }
}

const sample = (series: LegendEntry, theme: Theme): string => {
  const colour = theme.colour(series.colour)
  const dash = series.dash === "" ? "" : ` stroke-dasharray="${series.dash}"`
  if (series.isArea) {
    return `<rect x="4" y="-6" width="18" height="12" rx="2" fill="${colour}" fill-opacity="0.75" stroke="${colour}"${dash}/>`
  }
  const line = `<path d="M0,0H${swatch}" stroke="${colour}" stroke-width="2" fill="none"${dash}/>`
  if (series.marker === "none") return line
  const fill = series.marker === "cross" ? "none" : colour
  return `${line}<path transform="translate(${swatch / 2},0)" d="${outlines[series.marker]}" fill="${fill}" stroke="${colour}" stroke-width="1.5"/>`
}
