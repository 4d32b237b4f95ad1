import type { SvgElement } from "./svgTree.ts"

/** Attributes that an element takes over from those around it. */
export type Style = Readonly<Record<string, string>>

/** Text in one place: where its baseline begins, and how it is set. */
export interface Run {
  readonly text: string
  readonly x: number
  readonly y: number
  readonly style: Style
}

const length = (value: string | undefined, fontSize: number): number => {
  if (value === undefined) return 0
  return value.endsWith("em") ? Number.parseFloat(value) * fontSize : Number.parseFloat(value)
}

/** The font size of a style in px. */
export const fontSizeOf = (style: Style): number => Number.parseFloat(style["font-size"] ?? "12")

const ownText = (element: SvgElement): string => element.children.filter((child) => typeof child === "string").join("")

/** The runs of a text element: its own text, then one for each `tspan`, whose `dy` counts from the run before. */
export const runsOf = (element: SvgElement, style: Style): ReadonlyArray<Run> => {
  const size = fontSizeOf(style)
  const x = length(element.attributes["x"], size) + length(element.attributes["dx"], size)
  let y = length(element.attributes["y"], size) + length(element.attributes["dy"], size)
  const own = ownText(element)
  const spans = element.children.flatMap((child) => {
    if (typeof child === "string" || child.tag !== "tspan") return []
    if (child.attributes["y"] !== undefined) y = length(child.attributes["y"], size)
    y += length(child.attributes["dy"], size)
    const from = child.attributes["x"] === undefined ? x : length(child.attributes["x"], size)
    return [{ text: ownText(child), x: from, y, style: { ...style, ...child.attributes } }]
  })
  return [{ text: own, x, y, style }, ...spans].filter(({ text }) => text !== "")
}
