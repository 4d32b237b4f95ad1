import type { Figure, Layer, Point } from "./Figure.ts"
import type { Cell, Table } from "./Table.ts"

/** The rows behind a figure as a table, for readers who want the numbers or cannot see the marks. */
export const figureTable = (figure: Figure): Table => {
  const isBars = figure.layers.some((layer) => layer._tag === "Bars")
  const label = (key: string) => figure.series.find((series) => series.key === key)?.label ?? key
  const x = { key: "x", label: isBars ? "group" : figure.x.label, format: figure.x.format }
  const y = {
    key: "y",
    label: (isBars ? figure.x.label : figure.y.label) || "value",
    format: (isBars ? figure.x : figure.y).format
  }
  return {
    id: `${figure.id}-data`,
    title: figure.title,
    caption: figure.caption,
    columns: [
      { key: "series", label: "series", format: "number" },
      x,
      y,
      { key: "low", label: "95% low", format: y.format },
      { key: "high", label: "95% high", format: y.format }
    ],
    rows: figure.layers.flatMap((layer) => rowsOf(layer, label))
  }
}

const ends = (ci95: Point["ci95"]): readonly [Cell, Cell] => (ci95 === undefined ? [null, null] : ci95)

const rowsOf = (layer: Layer, label: (key: string) => string): ReadonlyArray<ReadonlyArray<Cell>> => {
  switch (layer._tag) {
    case "Lines":
      return layer.points.map(({ series, x, y, ci95 }) => [label(series), x, y, ...ends(ci95)])
    case "Bars":
      return layer.bars.map(({ group, series, value, ci95 }) => [label(series), group, value, ...ends(ci95)])
    case "GroupMarks":
      return layer.marks.map(({ group, value, ci95 }) => [label(layer.series), group, value, ...ends(ci95)])
    case "Columns":
      return layer.columns.map(({ series, lower, height }) => [label(series), lower, height, null, null])
    case "Level":
    case "Upright":
    case "Span":
    case "Note":
      return []
  }
}
