import type { Figure } from "./Figure.ts"
import { escapeMarkup } from "./markup.ts"
import { type Painted, svgDocument } from "./svgDocument.ts"
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

/** How several figures are painted. */
export interface PanelOptions extends Omit<SvgOptions, "theme"> {
  /** What stands under the title of the whole, above the figures. */
  readonly above?: ReadonlyArray<(theme: Theme) => Painted>
}

const gap = 6

const heading = (title: string, theme: Theme, width: number): Painted => ({
  markup: `<text x="4" y="18" font-size="15" font-weight="600" fill="${theme.colour("ink")}">${escapeMarkup(title)}</text>`,
  width,
  height: 22
})

/** Several figures, one under the other; with something above them, under the title of the whole. */
export const panels = (
  of: Pick<Drawing, "id" | "title" | "caption">,
  figures: ReadonlyArray<Figure>,
  { above = [], ...options }: PanelOptions = {}
): Drawing => ({
  id: of.id,
  title: of.title,
  caption: of.caption,
  svg: (theme = light) => {
    const width = options.width ?? columnWidth
    const parts = [
      ...(above.length === 0 ? [] : [heading(of.title, theme, width), ...above.map((part) => part(theme))]),
      ...figures.map((figure, i) => {
        const named = i === 0 || legendOf(figure) !== legendOf(figures[i - 1]!)
        return paint(figure, { height: 200, ...options, width, theme, named })
      })
    ]
    let height = 0
    const markup = parts.map((part, i) => {
      const moved = `<g transform="translate(0,${height})">${part.markup}</g>`
      height += part.height + (i < parts.length - figures.length ? gap : 0)
      return moved
    })
    return svgDocument({ markup: markup.join(""), width, height }, of, theme)
  }
})
