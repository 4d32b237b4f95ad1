import * as Plot from "@observablehq/plot"
import type { Bar, Figure, Layer, Series } from "./Figure.ts"
import { formatInterval, formatNumber } from "./format.ts"
import { printable } from "./markup.ts"
import type { Theme } from "./Theme.ts"

/** Beyond this many points a line's markers merge into a smear, so they are left out. */
const markerLimit = 24

/** The marker that a line is drawn with: none where its points are too many. */
export const markerOf = (series: Series, layers: ReadonlyArray<Layer>): Series["marker"] => {
  const longest = Math.max(
    0,
    ...layers.map((l) => (l._tag === "Lines" ? l.points.filter((p) => p.series === series.key).length : 0))
  )
  return longest <= markerLimit ? series.marker : "none"
}

/** Names of the markers in Plot; they have the legend's shapes. */
const symbols = {
  circle: "circle",
  square: "square",
  triangle: "triangle",
  diamond: "diamond2",
  cross: "times",
  star: "star"
} as const

type Marks = ReadonlyArray<Plot.Markish>

/** The marks of a figure, in the order of its layers; the values of bars come last, so that no mark runs through them. */
export const marksOf = (figure: Figure, theme: Theme): Marks => [
  ...figure.layers.flatMap((layer) => layerMarks(figure, layer, theme)),
  ...figure.layers.flatMap((layer) => (layer._tag === "Bars" ? [barValues(figure, layer.bars, theme)] : []))
]

const ofBar = { y: "series", fy: "group" } as const

const barValues = (figure: Figure, bars: ReadonlyArray<Bar>, theme: Theme): Plot.Markish =>
  Plot.text(bars, {
    ...ofBar,
    x: (bar: Bar) => bar.ci95?.[1] ?? bar.value,
    text: (bar: Bar) => formatNumber(bar.value, figure.x.format),
    textAnchor: "start",
    dx: 6,
    fill: theme.colour("ink"),
    stroke: theme.colour("surface"),
    strokeWidth: 6
  })

const layerMarks = (figure: Figure, layer: Layer, theme: Theme): Marks => {
  switch (layer._tag) {
    case "Lines":
      return figure.series.flatMap((series, i) => lineMarks(figure, layer, { series, i, theme }))
    case "Bars":
      return figure.series.flatMap((series) => barMarks(figure, layer, series, theme))
    case "Columns":
      return figure.series.flatMap((series) => columnMarks(figure, layer, series, theme))
    case "GroupMarks": {
      const series = figure.series.find(({ key }) => key === layer.series)
      const colour = theme.colour(series?.colour ?? "ink")
      const title = (mark: { group: string; value: number }) =>
        printable(`${mark.group}, ${series?.label ?? layer.series}: ${formatNumber(mark.value, figure.x.format)}`)
      return [
        Plot.ruleX(layer.marks, {
          x: "value",
          fy: "group",
          stroke: colour,
          strokeWidth: 2,
          strokeDasharray: "3 2",
          title
        })
      ]
    }
    case "Level":
      return [
        Plot.ruleY([layer.y], { stroke: theme.colour("muted"), strokeDasharray: "3 3" }),
        Plot.text([layer.label], {
          y: layer.y,
          frameAnchor: "right",
          textAnchor: "end",
          lineAnchor: "bottom",
          dy: -3,
          fill: theme.colour("muted")
        })
      ]
    case "Upright":
      return [
        Plot.ruleX([layer.x], { stroke: theme.colour("muted"), strokeDasharray: "3 3" }),
        Plot.text([layer.label], {
          x: layer.x,
          frameAnchor: "top",
          textAnchor: "start",
          lineAnchor: "top",
          dx: 4,
          fill: theme.colour("muted")
        })
      ]
    case "Span":
      return [
        Plot.rect([layer], { x1: "from", x2: "to", fill: theme.colour("muted"), fillOpacity: 0.16 }),
        Plot.ruleX([layer.from, layer.to], { stroke: theme.colour("muted"), strokeDasharray: "3 3" })
      ]
    case "Note":
      return [
        Plot.text([printable(layer.lines.join("\n"))], {
          frameAnchor: "top-right",
          textAnchor: "end",
          lineAnchor: "bottom",
          dy: -6,
          lineHeight: 1.25,
          fontSize: 11,
          fill: theme.colour("ink"),
          stroke: theme.colour("surface"),
          strokeWidth: 4
        })
      ]
  }
}

const lineMarks = (
  figure: Figure,
  layer: Extract<Layer, { readonly _tag: "Lines" }>,
  { series, i, theme }: { readonly series: Series; readonly i: number; readonly theme: Theme }
): Marks => {
  const rows = layer.points.filter((point) => point.series === series.key)
  if (rows.length === 0) return []
  const colour = theme.colour(series.colour)
  // Whiskers of several series at one x would hide each other, so each series stands a little aside.
  const dx = layer.interval === "whisker" ? (i - (figure.series.length - 1) / 2) * 2.5 : 0
  const title = (row: (typeof rows)[number]) =>
    printable(
      `${series.label}, ${figure.x.label} ${formatNumber(row.x, figure.x.format)}: ${formatNumber(row.y, figure.y.format)}${
        row.ci95 === undefined ? "" : ` ${formatInterval(row.ci95, figure.y.format)}`
      }`
    )
  const bounds = rows.flatMap((row) =>
    row.ci95 === undefined ? [] : [{ ...row, low: row.ci95[0], high: row.ci95[1] }]
  )
  const spread: Marks =
    layer.interval === "none" || bounds.length === 0
      ? []
      : layer.interval === "band"
        ? [Plot.areaY(bounds, { x: "x", y1: "low", y2: "high", fill: colour, fillOpacity: 0.09 })]
        : [
            Plot.ruleX(bounds, {
              x: "x",
              y1: "low",
              y2: "high",
              stroke: colour,
              strokeWidth: 1.25,
              strokeOpacity: 0.75,
              dx
            })
          ]
  const marker = markerOf(series, [layer])
  return [
    ...spread,
    Plot.line(rows, {
      x: "x",
      y: "y",
      stroke: colour,
      strokeWidth: 2,
      ...(series.dash === "" ? {} : { strokeDasharray: series.dash }),
      dx,
      ...(marker === "none" ? { title: () => printable(series.label) } : {})
    }),
    ...(marker !== "none"
      ? [
          Plot.dot(rows, {
            x: "x",
            y: "y",
            symbol: symbols[marker],
            r: 3.6,
            fill: colour,
            stroke: colour,
            dx,
            title
          })
        ]
      : [])
  ]
}

const barMarks = (
  figure: Figure,
  layer: Extract<Layer, { readonly _tag: "Bars" }>,
  series: Series,
  theme: Theme
): Marks => {
  const rows = layer.bars
    .filter((bar) => bar.series === series.key)
    .map((bar) => ({ ...bar, low: bar.ci95?.[0] ?? bar.value, high: bar.ci95?.[1] ?? bar.value }))
  if (rows.length === 0) return []
  const colour = theme.colour(series.colour)
  const title = (row: (typeof rows)[number]) =>
    printable(
      `${row.group}, ${series.label}: ${formatNumber(row.value, figure.x.format)}${
        row.ci95 === undefined ? "" : ` ${formatInterval(row.ci95, figure.x.format)}`
      }`
    )
  return [
    Plot.barX(rows, { ...ofBar, x: "value", fill: colour, fillOpacity: 0.75, stroke: colour, title }),
    // The halo keeps the interval visible on its own dark bar.
    Plot.ruleY(rows, { ...ofBar, x1: "low", x2: "high", stroke: theme.colour("surface"), strokeWidth: 4 }),
    Plot.ruleY(rows, { ...ofBar, x1: "low", x2: "high", stroke: theme.colour("ink"), strokeWidth: 1.5 })
  ]
}

const columnMarks = (
  figure: Figure,
  layer: Extract<Layer, { readonly _tag: "Columns" }>,
  series: Series,
  theme: Theme
): Marks => {
  const rows = layer.columns.filter((column) => column.series === series.key)
  if (rows.length === 0) return []
  const colour = theme.colour(series.colour)
  const title = (row: (typeof rows)[number]) =>
    printable(
      `${series.label}, ${formatNumber(row.lower, "number")} to ${formatNumber(row.upper, "number")}: ${formatNumber(row.height, figure.y.format)}`
    )
  return [
    Plot.rectY(rows, {
      x1: "lower",
      x2: "upper",
      y: "height",
      fill: colour,
      fillOpacity: 0.4,
      stroke: colour,
      strokeWidth: 1.25,
      ...(series.dash === "" ? {} : { strokeDasharray: series.dash }),
      title
    })
  ]
}
