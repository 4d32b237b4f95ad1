import type { Figure } from "./Figure.ts"
import { svgDocument } from "./svgDocument.ts"
import { light, type Theme } from "./Theme.ts"
import { paint, type SvgOptions } from "./toSvg.ts"

/** Anything that is a picture of its own: SVG now, PNG and PDF from the same document. */
export interface Drawing {
  /** Names the file: letters, digits, dashes and underscores. */
  readonly id: string
  readonly title: string
  readonly caption: string
  readonly svg: (theme?: Theme) => string
}

/** Width in px of a drawing for one column: at 3.25 inches its text of 12 px is 7.8 points high. */
export const columnWidth = 360

/** A figure for one column. */
export const ofFigure = (figure: Figure, options: Omit<SvgOptions, "theme"> = {}): Drawing =>
  panels(figure, [figure], options)

const legendOf = ({ series }: Figure): string => JSON.stringify(series)

/** Several figures, one under the other, under the title and caption of the whole. */
export const panels = (
  of: Pick<Drawing, "id" | "title" | "caption">,
  figures: ReadonlyArray<Figure>,
  options: Omit<SvgOptions, "theme"> = {}
): Drawing => ({
  id: of.id,
  title: of.title,
  caption: of.caption,
  svg: (theme = light) => {
    const width = options.width ?? columnWidth
    let height = 0
    const parts = figures.map((figure, i) => {
      const named = i === 0 || legendOf(figure) !== legendOf(figures[i - 1]!)
      const panel = paint(figure, { height: 200, ...options, width, theme, named })
      const markup = `<g transform="translate(0,${height})">${panel.markup}</g>`
      height += panel.height
      return markup
    })
    return svgDocument({ markup: parts.join(""), width, height }, of, theme)
  }
})
