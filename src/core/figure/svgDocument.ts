import { escapeMarkup } from "./markup.ts"
import { fonts, type Theme } from "./Theme.ts"

/** Drawn marks and the room they take, in px. */
export interface Painted {
  readonly markup: string
  readonly width: number
  readonly height: number
}

/** What a document says of itself to those who do not see it. */
export interface Described {
  readonly title: string
  readonly caption: string
}

/** Marks as one self-contained SVG document: no script, no external file; the caption is its description. */
export const svgDocument = (
  { markup, width, height }: Painted,
  { title, caption }: Described,
  theme: Theme,
  className = "rf-figure"
): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" class="${className}" role="img" aria-label="${escapeMarkup(title)}"`,
    ` viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${escapeMarkup(fonts.text)}"`,
    ` font-size="12" fill="${theme.colour("ink")}">`,
    `<desc>${escapeMarkup(caption)}</desc>`,
    `<style>.${className}{display:block;max-width:100%;height:auto}.${className} text{white-space:pre}</style>`,
    theme.name === "embedded" ? "" : `<rect width="${width}" height="${height}" fill="${theme.colour("surface")}"/>`,
    // One image with one name: what Plot calls its parts would be read out one by one.
    `<g aria-hidden="true">${markup}</g>`,
    "</svg>"
  ].join("")
