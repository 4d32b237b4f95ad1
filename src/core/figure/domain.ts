import type { Axis, Figure, Layer } from "./Figure.ts"

/** The smallest domain that holds every value and interval with some air; bars and columns also hold zero. */
export const numberDomain = (figure: Figure, axis: Axis): [number, number] => {
  if (axis.domain !== undefined) return [axis.domain[0], axis.domain[1]]
  const values = figure.layers.flatMap(valuesOf)
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const air = low === high ? Math.abs(low) * 0.1 || 0.5 : 0.06 * (high - low)
  const isShare = axis.format === "percent"
  const bottom = low >= 0 && (low - air < 0 || isShare) ? Math.max(0, low - air) : low - air
  return [bottom, isShare && high <= 1 ? Math.min(1, high + air) : high + air]
}

const valuesOf = (layer: Layer): ReadonlyArray<number> => {
  switch (layer._tag) {
    case "Lines":
      return layer.points.flatMap(({ y, ci95 }) => [y, ...(ci95 ?? [])])
    case "Bars":
      return layer.bars.flatMap(({ value, ci95 }) => [0, value, ...(ci95 ?? [])])
    case "GroupMarks":
      return layer.marks.map(({ value }) => value)
    case "Columns":
      return layer.columns.flatMap(({ height }) => [0, height])
    case "Level":
      return [layer.y]
    case "Upright":
    case "Span":
    case "Note":
      return []
  }
}
