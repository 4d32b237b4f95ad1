import * as Plot from "@observablehq/plot"
import { parseHTML } from "linkedom"
import { numberDomain } from "./domain.ts"
import { type Figure, rowCount, type Series } from "./Figure.ts"
import { formatNumber } from "./format.ts"
import { legend } from "./legend.ts"
import { markerOf, marksOf } from "./marks.ts"
import { escapeMarkup, printable } from "./markup.ts"
import { type Painted, svgDocument } from "./svgDocument.ts"
import { light, type Theme } from "./Theme.ts"

/** How a figure is painted. */
export interface SvgOptions {
  /** `light` (default) and `dark` write literal colours; `embedded` follows the page. */
  readonly theme?: Theme
  /** Width in px of the view box; text is 12 px at this width. */
  readonly width?: number
  /** Height in px of the axes and what they hold, 264 by default; grouped bars take the height that they need. */
  readonly height?: number
  /** Whether the title is painted; a page that prints its own leaves it out. */
  readonly heading?: boolean
  /** Whether the series are named; panels that share theirs name them once. */
  readonly named?: boolean
}

const padding = 4

/** The marks of a figure with its title and legend, to stand alone or beside others. */
export const paint = (figure: Figure, options: SvgOptions = {}): Painted => {
  const { theme = light, width = 460, heading = true, named = true } = options
  const title = heading
    ? `<text x="0" y="14" font-size="15" font-weight="600" fill="${theme.colour("ink")}">${escapeMarkup(figure.title)}</text>`
    : ""
  const top = heading ? 28 : 0
  const isEmpty = rowCount(figure) === 0
  const entries = isEmpty || !named ? [] : figure.series.map((one) => ({ ...one, ...legendLook(one, figure) }))
  const key = legend(entries, theme, width - 2 * padding)
  const body = isEmpty ? placeholder(figure, theme, width) : plot(figure, theme, options)
  const bodyTop = top + key.height + (key.height > 0 ? 6 : 0)
  const markup = [
    `<g transform="translate(${padding},${padding})">${title}`,
    `<g transform="translate(0,${top})">${key.markup}</g>`,
    `<g transform="translate(${-padding},${bodyTop})">${body.markup}</g></g>`
  ].join("")
  return { markup, width, height: Math.ceil(bodyTop + body.height + 2 * padding) }
}

/**
 * The figure as one self-contained SVG document: no script, no external file, style and fonts by name inside.
 *
 * Every mark carries its values as a `<title>`, and the caption is the document's description.
 */
export const toSvg = (figure: Figure, options: SvgOptions = {}): string =>
  svgDocument(paint(figure, options), figure, options.theme ?? light)

const legendLook = (series: Series, { layers }: Figure) => ({
  marker: markerOf(series, layers),
  isArea: layers.some((layer) => {
    switch (layer._tag) {
      case "Bars":
        return layer.bars.some((bar) => bar.series === series.key)
      case "Columns":
        return layer.columns.some((column) => column.series === series.key)
      default:
        return false
    }
  })
})

const placeholder = ({ empty }: Figure, theme: Theme, width: number) => ({
  height: 90,
  markup:
    `<rect x="${padding}" y="4" width="${width - 2 * padding}" height="78" rx="6" fill="none" stroke="${theme.colour("rule")}" stroke-dasharray="4 4"/>` +
    `<text x="${width / 2}" y="47" text-anchor="middle" fill="${theme.colour("muted")}">${escapeMarkup(empty)}</text>`
})

const barHeight = 18

/** Width in px of a letter of a group's name, and the largest share of the drawing that names may take. */
const [letter, nameShare] = [6.8, 0.45]

const shortened = (name: string, letters: number): string =>
  name.length <= letters ? name : `${name.slice(0, letters - 1)}…`
/** Below this height five labels would touch each other. */
const low = 160

const plot = (
  figure: Figure,
  theme: Theme,
  { width = 460, height: asked = 264 }: SvgOptions
): { readonly markup: string; readonly height: number } => {
  const groups = groupsOf(figure)
  const isGrouped = groups.length > 0
  const series = figure.series.map(({ key }) => key)
  const bars = series.filter((key) =>
    figure.layers.some((l) => l._tag === "Bars" && l.bars.some((b) => b.series === key))
  )
  const height = isGrouped ? groups.length * (bars.length * barHeight + 16) + 52 : asked
  const { document } = parseHTML("<!doctype html><html><body></body></html>")
  const number = isGrouped ? figure.x : figure.y
  const letters = Math.min(Math.max(0, ...groups.map((g) => g.length)), Math.floor((nameShare * width) / letter))
  const xTicks = figure.x.ticks === undefined ? 6 : [...figure.x.ticks]
  const yTicks = figure.y.ticks === undefined ? (asked <= low ? 3 : 5) : [...figure.y.ticks]
  const element = Plot.plot({
    document,
    className: "rf-plot",
    width,
    height,
    marginLeft: isGrouped ? 12 + letter * letters : 54,
    marginRight: isGrouped ? 58 : 20,
    marginTop: isGrouped ? 6 : 24 + noteHeight(figure),
    marginBottom: figure.x.label === "" ? 26 : 44,
    style: { fontSize: "12px", background: "none" },
    x: {
      label: figure.x.label,
      labelAnchor: "center",
      labelArrow: "none",
      ...(isGrouped ? { domain: numberDomain(figure, number) } : {}),
      ...(figure.x.domain === undefined ? {} : { domain: figure.x.domain }),
      ticks: xTicks,
      tickFormat: (x: number) => formatTick(x, figure.x.format),
      nice: false,
      ...(hasWhiskers(figure) ? { inset: 10 } : {})
    },
    y: isGrouped
      ? { axis: null, domain: bars, padding: 0.15 }
      : {
          label: figure.y.label,
          labelArrow: "none",
          domain: numberDomain(figure, number),
          ticks: yTicks,
          tickFormat: (y: number) => formatTick(y, figure.y.format),
          nice: figure.y.domain === undefined
        },
    ...(isGrouped
      ? {
          fy: {
            domain: groups,
            label: null,
            padding: 0.12,
            axis: "left",
            tickFormat: (g: string) => shortened(g, letters)
          }
        }
      : {}),
    marks: [
      isGrouped
        ? Plot.gridX({ ticks: xTicks, stroke: theme.colour("rule"), strokeOpacity: 1 })
        : Plot.gridY({ ticks: yTicks, stroke: theme.colour("rule"), strokeOpacity: 1 }),
      ...marksOf(figure, theme)
    ]
  })
  for (const style of element.querySelectorAll("style")) style.remove()
  return {
    height,
    markup: `<g text-anchor="middle" fill="${theme.colour("muted")}" color="${theme.colour("muted")}">${printable(element.innerHTML)}</g>`
  }
}

const groupsOf = (figure: Figure): ReadonlyArray<string> => [
  ...new Set(figure.layers.flatMap((layer) => (layer._tag === "Bars" ? layer.bars.map((bar) => bar.group) : [])))
]

/** Series at one place stand side by side; at the ends they would lie on the axis. */
const hasWhiskers = ({ layers }: Figure): boolean =>
  layers.some((layer) => layer._tag === "Lines" && layer.interval === "whisker")

/** A note stands above the frame, where it hides no mark. */
const noteHeight = ({ layers }: Figure): number =>
  layers.reduce((sum, layer) => (layer._tag === "Note" ? sum + 14 * (layer.lines.length - 1) + 4 : sum), 0)

const formatTick = (value: number, format: Figure["x"]["format"]): string =>
  format === "percent"
    ? `${Number((100 * value).toFixed(1))}%`
    : format === "integer"
      ? formatNumber(value, "integer")
      : String(Number(value.toPrecision(6)))
